import Shared
import TestSupport
import Testing

@Suite struct TrainingEntryTests {
    private let scratch: TestSupport.Scratch

    init() throws {
        scratch = try TestSupport.Scratch()
        try scratch.write("def main():\n    pass\nmain()\n", to: "training_module/main.py")
    }

    private func entry(_ change: (inout TrainingOptions) -> Void) throws -> TrainingEntry {
        var options = TrainingOptions()
        change(&options)
        return try options.entry(in: scratch.path)
    }

    @Test func `a command goes before the module that the code has`() throws {
        #expect(try entry { _ in } == .module("training_module.main"))
        #expect(
            try entry { $0.command = "python x.py" } == .command(CommandTemplate("python x.py")))
    }

    @Test func `arguments beside a command are refused with the line to type`() {
        let failure = #expect(throws: Failure.self) {
            try entry {
                $0.command = "python train.py"
                $0.arguments = ["--name", "it's me"]
            }
        }
        #expect(failure?.exit == 2)
        #expect(failure?.summary.hasPrefix("arguments after -- go to a module") == true)
        let typed = #"--command 'python train.py --name '\''it'\''\'\'''\''s me'\'''"#
        #expect(failure?.hint == "put them into it: \(typed)")
    }

    @Test func `a command and a module are refused`() {
        let failure = #expect(throws: Failure.self) {
            try entry {
                $0.command = "python train.py"
                $0.module = "training_module.main"
            }
        }
        #expect(failure?.exit == 2)
        #expect(failure?.hint?.contains("'python -m training_module.main …'") == true)
    }

    @Test func `a line that cannot be run is refused`() {
        let failure = #expect(throws: Failure.self) { try entry { $0.command = "{if_resumed: a" } }
        #expect(failure?.summary == "--command has no closing brace for {if_resumed:")
    }
}
