import Synchronization
import TestSupport
import Testing

@testable import Shared

/// Whether a prefix holds anything, without a listing of all of it.
@Suite(.serialized) struct StoreGlanceTests {
    @Test(arguments: StoreCase.here)
    func `a store with objects is told from one without`(_ store: StoreCase) async throws {
        let scratch = try Scratch()
        let client = try await store.client(in: scratch.path)
        #expect(try await !client.holdsObject())
        let source = try scratch.tree("source", ["a b": "x"])
        try await client.upload(tree: source, known: 0)
        #expect(try await client.holdsObject())
    }

    /// A tool that would print objects for ever.
    private struct Endless: CommandRunner {
        let first: String
        let wasKilled = Latch()

        func start(
            _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
        ) throws -> any RunningCommand {
            let running = Listing(wasKilled: wasKilled)
            onOutput?(Array(first.utf8)[...])
            return running
        }
    }

    private struct Listing: RunningCommand {
        let pid: Int32 = 0
        let wasKilled: Latch
        func wait() async -> CommandResult {
            while !wasKilled.isSet, !Task.isCancelled { await Task.yield() }
            return CommandResult(termination: .signalled(SIGKILL))
        }
        func send(_ signal: Int32) { if signal == SIGKILL { wasKilled.set() } }
    }

    @Test(arguments: [
        ("gs://b/p", "gs://b/p/a:\n    Creation time: now\n"),
        ("az://account/c", "[\n{\"Path\":\"a\",\"Name\":\"a\",\"Size\":1}"),
    ])
    func `a listing ends at its first object`(url: String, beginning: String) async throws {
        let runner = Endless(first: beginning)
        let client = try StoreClient(url: StoreURL(parsing: url), runner: runner)
        #expect(try await client.holdsObject())
        #expect(runner.wasKilled.isSet)
    }

    /// A folder of a web console's is no object, and the tools that stop by themselves are asked again.
    @Test func `folders alone are nothing`() async throws {
        let runner = ScriptedRunner { command in
            let isShort = command.arguments.contains("--no-paginate")
            return CommandResult(
                termination: .exited(0),
                output: isShort
                    ? #"[{"key":"p/folder/","size":0}]"#
                    : #"[{"key":"p/folder/","size":0},{"key":"p/folder/x","size":1}]"#)
        }
        let client = try StoreClient(url: StoreURL(parsing: "s3://b/p"), runner: runner)
        #expect(try await client.holdsObject())
        #expect(runner.commands.count == 2)
    }
}
