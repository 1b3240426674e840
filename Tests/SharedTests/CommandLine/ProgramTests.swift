import Shared
import Synchronization
import TestSupport
import Testing

@Suite struct ProgramTests {
    private let heard = CapturedConsole()

    private var program: Program {
        Program(
            name: "garden", summary: "Keeps a garden.",
            commands: [
                Subcommand(
                    "plant", PlantArguments.self, summary: "Plants something.",
                    examples: ["garden plant --code_name rose"]
                ) { parsed in
                    let arguments = try parsed.checked()
                    if arguments.name == "weed" { throw Failure("no weeds", hint: "roses") }
                    if arguments.name == "tar" { throw Failure.usage("no tar") }
                    return 7
                }
            ])
    }

    private func run(_ words: String...) async -> Int32 {
        await program.run(words, console: heard.console)
    }

    @Test func `a command's own code is the exit code`() async {
        #expect(await run("plant", "--code_name", "rose") == 7)
        #expect(heard.errors == "")
    }

    @Test func `a failure is printed once, its hint last`() async {
        #expect(await run("plant", "--code_name", "weed") == 1)
        #expect(heard.errors == "garden: error: no weeds\nhint: roses\n")
    }

    @Test func `with --json a failure is a document on stdout too`() async throws {
        #expect(await run("plant", "--code_name", "weed", "--json") != 0)
        let document = try JSONDecoder().decode(JSONValue.self, from: Data(heard.outputs.utf8))
        guard case .object(let object) = document, case .object(let error)? = object["error"] else {
            Issue.record("\(heard.outputs)")
            return
        }
        #expect(error["message"] != nil)
        #expect(error["exit_status"] == .integer(2))
        #expect(heard.errors.hasPrefix("garden: error: "))
    }

    @Test func `a mistake without a hint is sent to the help`() async {
        #expect(await run("plant", "--code_name", "tar") == 2)
        #expect(heard.errors == "garden: error: no tar\nhint: see: garden help plant\n")
    }

    @Test func `help of help is the overview, and a flag before the command says where it goes`()
        async
    {
        #expect(await run("help", "help") == 0)
        #expect(heard.outputs.contains("plant  Plants something."))
        #expect(await run("--verbose", "plant") == 2)
        #expect(heard.errors.contains("'--verbose' stands before the command"))
        #expect(heard.errors.contains("garden COMMAND [flags]"))
    }

    @Test func `an unknown command names the nearest`() async {
        #expect(await run("plnat") == 2)
        #expect(
            heard.errors == "garden: error: unknown command 'plnat'\nhint: did you mean plant?\n")
    }

    @Test func `no command shows the overview and is a mistake`() async {
        #expect(await program.run([], console: heard.console) == 2)
        #expect(heard.errors.contains("plant  Plants something."))
        #expect(heard.outputs == "")
    }

    @Test(arguments: [["help", "plant"], ["plant", "--help"], ["plant", "--nonsense", "-h"]])
    func `help derives from the table`(words: [String]) async {
        #expect(await program.run(words, console: heard.console) == 0)
        #expect(heard.outputs == plantUsage)
    }

    @Test func `the version is one line`() async {
        #expect(await run("--version") == 0)
        #expect(heard.outputs == "garden \(EngineVersion.current)\n")
    }

    @Test func `the check of the tables finds what is wrong`() {
        #expect(tableDefects(of: program) == [])
        let broken = Program(
            name: "x", summary: "X.",
            commands: [Subcommand("y", BrokenArguments.self, summary: "") { _ in 0 }])
        #expect(
            tableDefects(of: broken) == [
                "y has no summary", "y has --a twice", "y --a: help is no sentence",
                "y --B-c: not --snake_case",
            ])
    }

    private let plantUsage = """
        Plants something.

        usage: garden plant [PLACE] --code_name NAME [flags] [-- ARGUMENT]
        examples:
          garden plant --code_name rose

        arguments:
          PLACE                          Where.
        flags:
          --code_name NAME               Its name. (required)
          --zone ZONE                    Which zone. (default: here)
          --wild                         Not tame.
          --count COUNT                  How many. (default: 3)
          --patience TIME                How long.
          --exclude PATTERN              Not these. (repeatable)
          --colour COLOUR                Which colour. One of red, blue.
        for the plant:
          -- argument                    For the plant.

        """
}

/// What a careless hand would write.
private struct BrokenArguments: CommandArguments {
    var a: String?
    static let options: [Option<Self>] = [
        .text("--a", "a", \.a, "Fine."), .text("--a", "a", \.a, "no sentence"),
        .text("--B-c", "a", \.a, "Fine."),
    ]
}
