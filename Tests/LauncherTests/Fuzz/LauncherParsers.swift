import Shared
import Synchronization
import TestSupport
import Testing

@testable import Launcher

/// The parsers of `Launcher`, under hostile input. A parser that is new there gets a line here.
enum LauncherParsers {
    static let all = documents + terraform + answers + CloudAnswers.all

    private static let documents: [FuzzTarget] = [
        FuzzTarget("run-record") { input in
            let record = try JSONFormat.decode(RunRecord.self, from: Data(input), name: "run.json")
            return (record.machine?.lines ?? []).map(oneLine)
        },
        FuzzTarget("shared-run") { input in
            let shared = try JSONFormat.decode(SharedRun.self, from: Data(input), name: "run.json")
            try shared.check(is: shared.facts.run)
            let machine = shared.facts.machine
            // What passed the check begins no flag of a command.
            let words = [
                machine?.instanceName, machine?.zone, machine?.sshUser, machine?.instanceId,
            ]
            for word in words.compactMap({ $0 }) where word.hasPrefix("-") { throw Passed() }
            return []
        },
        .ofText("train-json") { input in
            try inDirectory(["train.json": input]) { directory in
                var parsed = try Parser.parse(StartArguments.self, ["--code_path", directory])
                return try ConfigurationFile.beside(code: directory)?.apply(to: &parsed) ?? []
            }
        },
        .ofText("executable") { input in
            let format = ExecutableFormat.parse(Array(input.utf8.prefix(4096)))
            return [format.problem(on: .thisMachine()) ?? ""]
        },
        .ofText("git", words: ["git"]) { input in
            try inDirectory([
                ".git/HEAD": input, ".git/packed-refs": input, ".git/refs/heads/main": input,
                ".git/config": input, ".git/objects/x": "", ".git/commondir": "",
            ]) { directory in
                [GitRepository(root: directory)?.commit() ?? ""]
            }
        },
    ]

    private static let terraform: [FuzzTarget] = [
        FuzzTarget("terraform-state", words: ["json", "terraform"]) { input in
            let state = try TerraformState(Data(input))
            let provider = CloudRegistry.providers[0].lockedProvider
            var words: [String] = []
            for check in [{ try state.check(provider) }, { try state.check(carries: ["run"]) }] {
                do { try check() } catch let failure as Failure { words.append(failure.summary) }
            }
            _ = try? state.machine()
            return words
        },
        .ofText("terraform-events", words: ["json", "terraform"]) { input in
            let drawn = Mutex("")
            let line = LiveLine(
                terminal: Terminal(isInteractive: true, width: 80, hasColour: false)
            ) { text in drawn.withLock { $0 += text } }
            let progress = TerraformProgress(line)
            progress.read(Array(input.utf8)[...])
            progress.tick()
            // The live line's own sequence alone steers the cursor.
            let shown = drawn.withLock { $0 }.replacing("\r\u{1B}[K", with: "")
            let events = input.utf8.split(separator: 0x0A).compactMap { TerraformEvent(line: $0) }
            let texts = events.compactMap { $0.diagnostic?.text }.prefix(20)
            return [shown]
                + texts.flatMap { text in
                    let failure = TerraformErrorKind(of: text).failure(words: text, address: text)
                    return [failure.summary, failure.hint ?? ""]
                }
        },
        FuzzTarget("terraform-outputs", words: ["json", "terraform"]) { input in
            let machine = try Machine(terraformOutput: Data(input))
            return machine.lines
        },
    ]

    /// What the clouds' command lines list of labelled resources.
    private static let answers: [FuzzTarget] = CloudRegistry.providers.map { provider in
        .ofText("resources-\(provider.name)", words: ["json", "terraform"]) { input in
            guard let listing = provider as? any ResourceListing else { return [] }
            let place = CloudPlace(project: "p", region: "us-central1")
            return listing.resourceQueries(in: place).flatMap { query in
                ((try? query.read(input)) ?? []).prefix(50).map(\.text)
            }
        }
    }

    /// A word of the bucket that would be a flag of a command of ours.
    private struct Passed: Error {}

    private static func inDirectory<Result>(
        _ files: [String: String], _ body: (String) throws -> Result
    ) throws -> Result {
        let scratch = try Scratch()
        for (name, text) in files {
            let path = "\(scratch.path)/\(name)"
            try makeDirectories(parentDirectory(path))
            try Data(text.utf8).write(to: URL(filePath: path))
        }
        return try body(scratch.path)
    }
}

@Suite(.serialized) struct LauncherFuzzTests {
    @Test(arguments: LauncherParsers.all)
    func `hostile input`(_ target: FuzzTarget) async throws {
        let defects = try await Fuzzer(target).defects()
        #expect(defects == [])
    }
}
