import Shared
import TestSupport
import Testing

/// Offers what it does not insist on.
private struct WaterArguments: CommandArguments {
    var bed: String?
    var size: String?
    static let options: [Option<Self>] = [
        .positional("BED", \.bed, "Which.").completing(.listed(by: "beds")),
        .text("--can_size", "size", \.size, "Of the can.").completing(
            .suggested(["big", "small"])),
    ]
}

@Suite struct CompletionTests {
    private let program = Program(
        name: "garden", summary: "Keeps a garden.",
        commands: [
            Subcommand("plant", PlantArguments.self, summary: "Plants it, doesn't dig.") { _ in 0 },
            Subcommand("water", WaterArguments.self, summary: "Waters it.") { _ in 0 },
        ])

    /// What bash offers at the end of `words`.
    private func bashOffers(_ words: [String]) async throws -> [String] {
        let driver = """
            eval "$1"; shift
            garden() { [ "$*" = "completion beds" ] && printf 'a/b\\nc/d\\n'; }
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _garden; printf '%s\\n' "${COMPREPLY[@]}"
            """
        let script = Completion.script(for: "bash", of: program)
        let command = Command("bash", ["-c", driver, "bash", script] + words)
        return try await PosixRunner().output(of: command).split(separator: "\n").map(String.init)
    }

    @Test(
        .enabled(if: isInstalled("bash"), "bash is not installed"),
        arguments: [
            (["garden", "pl"], ["plant"]),
            (["garden", "plant", "--c"], ["--code_name", "--count", "--colour"]),
            (["garden", "plant", "--code-"], ["--code-name"]),
            (["garden", "plant", "--colour", ""], ["red", "blue"]),
            (["garden", "water", "--can-size", ""], ["big", "small"]),
            (["garden", "water", ""], ["--can_size", "--help", "a/b", "c/d"]),
            (["garden", "water", "c"], ["c/d"]),
            (["garden", "plant", "--code_name", ""], []),
            (["garden", "help", ""], ["plant", "water"]),
        ] as [([String], [String])])
    func `bash offers commands, flags and values`(words: [String], offers: [String]) async throws {
        #expect(try await bashOffers(words) == offers)
    }

    @Test func `bash's script needs nothing newer than macOS's bash 3.2`() {
        let script = Completion.script(for: "bash", of: program)
        for word in ["mapfile", "readarray", "declare -A", "compopt", "${cur,,}"] {
            #expect(!script.contains(word))
        }
    }

    @Test(.enabled(if: isInstalled("zsh"), "zsh is not installed"))
    func `zsh can read its script`() async throws {
        var command = Command("zsh", ["-n", "/dev/stdin"])
        command.input = .data(Data(Completion.script(for: "zsh", of: program).utf8))
        let result = try await PosixRunner().run(command)
        #expect(result.succeeded, "\(result.errorOutput)")
    }

    @Test func `zsh's script has each flag with its help and values`() {
        let script = Completion.script(for: "zsh", of: program)
        #expect(script.contains("'plant:Plants it, doesn'\\''t dig.'"))
        #expect(script.contains("'--colour[Which colour.]:colour:(red blue)'"))
        #expect(script.contains("'*--exclude[Not these.]:pattern: '"))
    }
}
