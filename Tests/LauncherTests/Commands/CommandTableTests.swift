import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct CommandTableTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    @Test func `every command's table is complete`() {
        #expect(tableDefects(of: Launcher.program(laptop.context)) == [])
    }

    @Test func `the overview is as kept`() async throws {
        #expect(await laptop.train("help") == 0)
        try Golden.expect(
            laptop.heard.outputs, equals: "help.txt", file: parentDirectory(#filePath))
    }

    @Test(arguments: [
        "init", "start", "status", "logs", "events", "watch", "wait", "tensorboard", "list", "stop",
        "extend", "resume", "finish", "branch", "report", "compare", "ssh", "doctor", "demo",
        "completion",
    ])
    func `the help of each command is as kept`(command: String) async throws {
        #expect(await laptop.train(command, "--help") == 0)
        try Golden.expect(
            laptop.heard.outputs, equals: "help-\(command).txt", file: parentDirectory(#filePath))
    }

    @Test func `the short help of a start is as kept`() async throws {
        #expect(await laptop.train("help", "start") == 0)
        try Golden.expect(
            laptop.heard.outputs, equals: "short-start.txt", file: parentDirectory(#filePath))
    }

    @Test func `the short help of each command fits a screen, and says what it leaves out`() {
        let program = Launcher.program(laptop.context)
        for command in program.commands {
            let short = Usage.short(of: command, in: program)
            #expect(short.split(separator: "\n", omittingEmptySubsequences: false).count <= 43)
            let isWhole = command.options.allSatisfy { short.contains($0.name) }
            #expect(isWhole || short.contains("more flags: train \(command.name) --help"))
        }
    }

    @Test func `a kept help stands for each command`() throws {
        let names = Launcher.program(laptop.context).commands.map(\.name)
        let directory = parentDirectory(parentDirectory(#filePath)) + "/Golden"
        let kept = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(
            Set(kept.filter { $0.hasPrefix("help") })
                == Set(names.map { "help-\($0).txt" } + ["help.txt"]))
    }

    @Test(arguments: Completion.shells)
    func `the completion scripts know every command`(shell: String) async {
        #expect(await laptop.train("completion", shell) == 0)
        for command in Launcher.program(laptop.context).commands {
            #expect(laptop.heard.outputs.contains(command.name))
        }
    }
}
