import Shared
import TestSupport
import Testing

@testable import Agent

/// A signal that a process does not expect ends it.
@Suite struct StackRegistrationTests {
    private func registration(_ text: String) -> StackRegistration? {
        StackRegistration([UInt8](text.utf8))
    }

    @Test func `what the observer writes is read`() {
        let found = registration("{\"pid\": 4242, \"start\": 1234567, \"signal\": 38}\n")
        #expect(found?.pid == 4242)
        #expect(found?.start == 1_234_567)
        #expect(found?.signal == 38)
    }

    @Test(arguments: [
        "", "{}", "{\"pid\": 1, \"start\": 5, \"signal\": 38}",
        "{\"pid\": 4242, \"start\": 5, \"signal\": 9}", "{\"pid\": 4242, \"start\": 5}",
        "{\"pid\": -4242, \"start\": 5, \"signal\": 38}",
        "{\"pid\": 99999999999, \"start\": 5, \"signal\": 38}",
        "{\"pid\": 4242, \"start\": 5, \"signal\": 65}",
    ])
    func `anything else is none`(text: String) { #expect(registration(text) == nil) }

    @Test func `only a signal that is caught may be sent`() {
        let status = "Name:\tpython\nSigIgn:\tffffffffffffffff\nSigCgt:\t0000002000000002\n"
        #expect(StackRegistration.catches(38, status))
        #expect(!StackRegistration.catches(37, status))
        #expect(!StackRegistration.catches(38, "Name:\tpython\n"))
    }

    #if os(Linux)
        /// It lives and does not expect the signal, as a program after exec(2) does.
        @Test func `a process without a handler is left alone`() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let child = try PosixRunner().start(Command("sleep", ["1000"]))
            let fields = try #require(ProcessIdentity.statFields(of: child.pid))
            let text = "{\"pid\": \(child.pid), \"start\": \(fields[19]), \"signal\": 38}"
            try AtomicFile.write(Data(text.utf8), to: directory.path + "/\(child.pid).json")
            #expect(StackRegistration(of: child.pid, in: directory.path) == nil)
            let stacks = await PythonStacks(directory: directory.path, clock: ContinuousClock())
                .ask(
                    [child.pid])
            #expect(stacks.isEmpty)
            #expect(ProcessIdentity(of: child.pid) != nil)
            child.send(SIGKILL)
            _ = await child.wait()
        }
    #endif
}
