import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct PipWheelTests {
    private let scratch: Scratch
    private let bytes = Data("a wheel".utf8)

    init() throws { scratch = try Scratch() }

    private var cache: String { scratch.path + "/cache/train/pip/" + PipWheel.name }

    /// A curl that brings these bytes.
    private func curl(_ bytes: Data) -> ScriptedRunner {
        ScriptedRunner { command in
            guard let place = command.value(of: "--output") else { return nil }
            try AtomicFile.write(bytes, to: place)
            return said("")
        }
    }

    private func find(_ runner: any CommandRunner, _ own: String? = nil) async throws -> PipWheel? {
        var environment = ["XDG_CACHE_HOME": scratch.path + "/cache"]
        environment[PipWheel.variable] = own
        return try await PipWheel.find(
            environment: environment, runner: runner, digest: SHA256.hex(Array(bytes)))
    }

    @Test func `it is fetched once, and kept`() async throws {
        let runner = curl(bytes)
        let first = try await find(runner)
        let second = try await find(runner)
        #expect(first == PipWheel(path: cache, sha256: SHA256.hex(Array(bytes))))
        #expect(second == first)
        #expect(runner.commands.count == 1)
        #expect(runner.commands.first?.arguments.last == PipWheel.address)
    }

    @Test func `another file than the published one is not kept`() async throws {
        await #expect(throws: Failure.self) { try await find(curl(Data("evil".utf8))) }
        let left = try FileManager.default.contentsOfDirectory(atPath: parentDirectory(cache))
        #expect(left == [])
    }

    @Test func `what was damaged on the disk is fetched anew`() async throws {
        try makeDirectories(parentDirectory(cache))
        try AtomicFile.write(Data("half".utf8), to: cache)
        #expect(try await find(curl(bytes))?.path == cache)
        #expect(try readFile(cache) == bytes)
    }

    @Test func `the user may give one, or want none`() async throws {
        let own = try scratch.write("mine", to: "pip-99.0-py3-none-any.whl")
        let nobody = ScriptedRunner { _ in nil }
        #expect(
            try await find(nobody, own)
                == PipWheel(path: own, sha256: SHA256.hex(Array("mine".utf8))))
        #expect(try await find(nobody, "none") == nil)
        let other = try scratch.write("x", to: "other.whl")
        await #expect(throws: Failure.self) { try await find(nobody, other) }
    }

    /// The digest stands in the pinned address' index at pypi.org/simple/pip.
    @Test func `address, name and digest are one release's`() {
        #expect(PipWheel.address.hasSuffix("/" + PipWheel.name))
        #expect(PipWheel.digest.wholeMatch(of: /[0-9a-f]{64}/) != nil)
    }
}
