import Shared
import Testing

@Suite struct CommandTemplateTests {
    private func expanded(
        _ text: String, output: String = "/o", isResumed: Bool = false
    ) -> String {
        CommandTemplate(text).expanded(
            .init(
                directories: .init(
                    work: "/w", code: "/c", dataset: "/d", output: output, logs: "/l"),
                isResumed: isResumed))
    }

    @Test func `the four directories are put in`() {
        #expect(
            expanded(
                "x {dataset_directory} --o={output_directory}/m {logs_directory} {code_directory}")
                == "x /d --o=/o/m /l /c")
        #expect(CommandTemplate.placeholders.allSatisfy { expanded($0) != $0 })
    }

    @Test(arguments: [
        "a {b} ${output_directory} {}", "for i in {1..3}; do echo ${i}; done", "awk '{print $1}'",
        "{output_dir}", "{ output_directory }", "{output_directory", "f() { echo; }",
        "{if_resumed}", "{work_directory}", "echo {{a,b},c}",
    ])
    func `every other brace stays`(text: String) {
        #expect(expanded(text) == text)
        #expect(expanded(text, isResumed: true) == text)
    }

    @Test(arguments: [
        ("go {if_resumed: --resume}", "go ", "go --resume"),
        (
            "go {if_resumed: --resume={output_directory}/ckpt.pt} x", "go  x",
            "go --resume=/o/ckpt.pt x"
        ),
        ("go {if_resumed: ${MODE:-resume} } {if_resumed:b}", "go  ", "go ${MODE:-resume} b"),
    ])
    func `a condition is there when the run goes on`(text: String, first: String, next: String) {
        #expect(expanded(text) == first)
        #expect(expanded(text, isResumed: true) == next)
    }

    /// A path that does everything a path can do to a shell.
    ///
    /// The marks behind quotes make one character with them, except to the shell.
    private static let worst =
        #"/a b/$(touch x)`id`"'\!*;&|<>{}/é"# + "/'\u{301}\"\u{301}`\u{301}$\u{301}\\\u{301}"

    @Test(arguments: [
        "printf %s {output_directory}", #"printf %s "{output_directory}""#,
        "printf %s '{output_directory}'", "printf %s $'{output_directory}'",
        #"printf %s "$(printf %s {output_directory})""#,
        #"printf %s "$(printf %s "{output_directory}")""#,
        #"printf %s "$(printf %s "$(printf %s '{output_directory}')")""#,
        #"(echo "a b" '(' \" ) > /dev/null; printf %s {output_directory}"#,
        #"bash -c 'printf %s "$1"' x {output_directory}"#,
        "a=$((1 + 2)); printf %s {output_directory}",
        #"printf %s `printf %s "a"`{output_directory} | cut -b 2-"#,
    ])
    func `bash reads the path as it is, whatever quotes it stands in`(text: String) async throws {
        let line = expanded(text, output: Self.worst)
        let result = try await PosixRunner().run(Command("bash", ["-c", line]))
        #expect(
            result.output.split(separator: "\n").first.map(String.init) == Self.worst,
            "\(line): \(result.errorOutput)")
    }

    @Test(arguments: [
        ("", "is empty"), (" \n", "is empty"), ("a\u{0}b", "holds a zero byte"),
        ("go {if_resumed: --resume", "has no closing brace for {if_resumed:"),
        ("go {if_resumed: a} {if_resumed: {x}", "has no closing brace for {if_resumed:"),
    ])
    func `a line that cannot be run is objected to`(text: String, words: String) {
        #expect(CommandTemplate(text).objection == words)
    }

    @Test(arguments: ["go", "{if_resumed: x}", "a {if_resumed: {output_directory}} {", "a\nb"])
    func `any other line is not`(text: String) {
        #expect(CommandTemplate(text).objection == nil)
    }

    @Test func `a placeholder that is misspelled, or a variable of its name, is doubted`() {
        let doubts = CommandTemplate(
            "t {output_dir} {data_set_directory} ${logs_directory} ${HOME} {a,b} {code_directory}"
        ).doubts
        #expect(
            doubts == [
                "{output_dir} is no placeholder and stays as it is; did you mean {output_directory}?",
                "{data_set_directory} is no placeholder and stays as it is; "
                    + "did you mean {dataset_directory}?",
                "${logs_directory} is no placeholder and stays as it is; "
                    + "did you mean {logs_directory}?",
            ])
    }
}
