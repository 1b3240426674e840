import Shared
import Testing

/// A table with one row of each kind.
struct PlantArguments: CommandArguments {
    var place: String?
    var name: String?
    var zone = "here"
    var isWild = false
    var count = 3
    var patience: TimeSpan?
    var exclude: [String] = []
    var colour: String?
    var rest: [String] = []

    static let options: [Option<Self>] =
        [
            .positional("PLACE", \.place, "Where."),
            .text("--code_name", "name", \.name, "Its name.").required(),
            .text("--zone", "zone", \.zone, "Which zone."),
            .flag("--wild", \.isWild, "Not tame."),
            .parsed("--count", "count", \.count, "How many.", expects: "a whole number") {
                Int($0)
            },
            .parsed("--patience", "time", \.patience, "How long.", expects: "a time") {
                TimeSpan($0)
            },
            .repeated("--exclude", "pattern", \.exclude, "Not these."),
            .text("--colour", "colour", \.colour, "Which colour.").completing(
                .oneOf(["red", "blue"])),
        ] + [.rest("argument", \.rest, "For the plant.")].grouped("for the plant")
}

/// Wants three values.
private struct Demanding: CommandArguments {
    var a = ""
    var b = ""
    var c = ""
    static let options: [Option<Self>] = [
        .text("--a", "a", \.a, "A.").required(), .text("--b", "b", \.b, "B.").required(),
        .text("--c", "c", \.c, "C.").required(),
    ]
}

@Suite struct ParserTests {
    private func parse(_ words: String...) throws -> PlantArguments {
        try Parser.parse(PlantArguments.self, words).checked()
    }

    @Test(arguments: [
        ["--code_name", "rose"], ["--code_name=rose"], ["--code-name", "rose"],
        ["--code-name=rose"],
    ])
    func `every spelling of a flag sets it`(words: [String]) throws {
        let parsed = try Parser.parse(PlantArguments.self, words).checked()
        #expect(parsed.name == "rose")
        #expect(parsed.zone == "here")
    }

    @Test func `flags, values, repetitions, an argument by place and the rest`() throws {
        let parsed = try parse(
            "garden", "--code_name=a=b", "--wild", "--count", "-7", "--exclude", "*.a", "--exclude",
            "*.b", "--patience", "1h30m", "--colour=blue", "--", "--wild", "--", "", "x")
        #expect(parsed.place == "garden")
        #expect(parsed.name == "a=b")
        #expect(parsed.isWild)
        #expect(parsed.count == -7)
        #expect(parsed.exclude == ["*.a", "*.b"])
        #expect(parsed.patience?.seconds == 5400)
        #expect(parsed.colour == "blue")
        #expect(parsed.rest == ["--wild", "--", "", "x"])
    }

    @Test func `a value that begins with two dashes is given behind an equals sign`() throws {
        #expect(try parse("--code_name=--odd").name == "--odd")
    }

    @Test(
        arguments: [
            (["--cod_name", "x"], "unknown flag '--cod_name'", "did you mean --code_name?"),
            (["--code", "x"], "unknown flag '--code'", "did you mean --code_name?"),
            (
                ["--xyzzy"], "unknown flag '--xyzzy'",
                "for your main? put it after --, as in: … -- --xyzzy"
            ),
            (
                ["--tokem=hunter2"], "unknown flag '--tokem'",
                "for your main? put it after --, as in: … -- --tokem"
            ),
            (["--code_name", "a", "--code-name", "b"], "--code_name is given twice", nil),
            (["--wild", "--wild"], "--wild is given twice", nil),
            (["--code_name"], "--code_name needs a value", "Its name."),
            (["--code_name", "--wild"], "--code_name needs a value", "Its name."),
            (["--code_name", ""], "--code_name is empty", "Its name."),
            (["--code_name="], "--code_name is empty", "Its name."),
            (["--wild=maybe"], "--wild takes no value but true or false", nil),
            (["--count", "many"], "--count 'many' is not a whole number", nil),
            (["--colour", "bleu"], "--colour 'bleu' is none of red, blue", "did you mean blue?"),
            (["one", "two"], "unexpected argument 'two'", nil),
            (
                ["-x"], "'-x' is not a flag; they all begin with two dashes",
                "what is meant for your own program goes after --"
            ),
            (["--zone", "b"], "--code_name is missing", "Its name."),
        ] as [([String], String, String?)])
    func `a mistake names its flag and exits 2`(words: [String], summary: String, hint: String?) {
        let failure = #expect(throws: Failure.self) {
            try Parser.parse(PlantArguments.self, words).checked()
        }
        #expect(failure?.summary == summary)
        #expect(failure?.hint == hint)
        #expect(failure?.exit == 2)
    }

    @Test func `all mistakes are told at once, without what stands behind unknown flags`() {
        let words = ["--tokem", "hunter2", "more", "--count", "many", "-x", "--wild", "--colour"]
        let failure = #expect(throws: Failure.self) {
            try Parser.parse(PlantArguments.self, words)
        }
        #expect(failure?.summary == "4 mistakes in the command")
        #expect(
            failure?.detail == """
                unknown flag '--tokem' (for your main? put it after --, as in: … -- --tokem)
                --count 'many' is not a whole number
                '-x' is not a flag; they all begin with two dashes \
                (what is meant for your own program goes after --)
                --colour needs a value (Which colour.)
                """)
        #expect(failure?.exit == 2)
    }

    @Test func `all that is missing is told at once`() {
        let failure = #expect(throws: Failure.self) {
            try Parser.parse(Demanding.self, ["--c", "x"]).checked()
        }
        #expect(failure?.summary == "--a, --b are missing")
    }

    @Test func `what the command line gives wins over a default of a file`() throws {
        var parsed = try Parser.parse(PlantArguments.self, ["--code_name", "mine", "--wild=false"])
        #expect(try parsed.setDefault("--code_name", to: ["theirs"]))
        #expect(try parsed.setDefault("--wild", to: ["true"]))
        #expect(try parsed.setDefault("--exclude", to: ["a", "b"]))
        #expect(try !parsed.setDefault("--nonsense", to: ["a"]))
        #expect(try !parsed.setDefault("PLACE", to: ["a"]))
        let arguments = try parsed.checked()
        #expect(arguments.name == "mine")
        #expect(!arguments.isWild)
        #expect(arguments.exclude == ["a", "b"])
    }

    @Test(
        arguments: [
            (["--help"], .whole), (["--zone", "x", "-h"], .short), (["-h", "--help"], .whole),
            (["--", "--help"], nil), ([], nil),
        ] as [([String], Parser.Help?)])
    func `help is asked for before the two dashes only`(words: [String], help: Parser.Help?) {
        #expect(Parser.help(in: words) == help)
    }
}
