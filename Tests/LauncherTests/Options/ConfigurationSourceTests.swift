import Shared
import TestSupport
import Testing

@testable import Launcher

/// Which of the two configuration files may hold what.
@Suite(.timeLimit(.minutes(1))) struct ConfigurationSourceTests {
    private let laptop: LauncherSandbox

    init() throws {
        var laptop = try LauncherSandbox()
        laptop.context.environment["HOME"] = laptop.scratch.path
        laptop.context.environment["XDG_CONFIG_HOME"] = laptop.scratch.path + "/config"
        self.laptop = laptop
    }

    private func writeOwn(_ json: String, mode: mode_t = 0o600) throws {
        try laptop.scratch.write(json, to: "config/train/train.json", mode: mode)
    }

    private func writeBeside(_ json: String) throws {
        try laptop.scratch.write(json, to: "code/train.json")
    }

    /// What `train start WORDS --code_path CODE` would work with.
    private func arguments(_ words: [String] = []) throws -> StartArguments {
        let parsed = try Parser.parse(
            StartArguments.self, words + ["--dataset_bucket", "d", "--cloud", "local"])
        return try Planner(context: laptop.context, clouds: CloudRegistry(laptop.context))
            .arguments(parsed)
    }

    private var code: [String] { ["--code_path", laptop.code] }

    // MARK: The table

    /// The class of each key, as docs/configuration.md says it; a key whose class depends on its value
    /// stands in two rows.
    private func documented() throws -> [String: Set<String>] {
        let page = parentDirectory(#filePath) + "/../../../docs/configuration.md"
        let text = String(decoding: try readFile(page), as: UTF8.self)
        let rows =
            text.split(separator: "\n").filter { $0.hasPrefix("| either file") }
            + text.split(separator: "\n").filter { $0.hasPrefix("| your own file alone") }
        return Dictionary(
            uniqueKeysWithValues: rows.map { row in
                let cells = row.split(separator: "|").map(String.init)
                let keys = cells[1].matches(of: /`([a-z_]+)`/).map { String($0.1) }
                return (String(cells[0].drop { $0 == " " }.prefix(28)), Set(keys))
            })
    }

    @Test func `every option of a start says which file may hold it, and the page agrees`() throws {
        var expected: [String: Set<String>] = [:]
        for option in StartArguments.options where option.description.shape != .positional {
            let source = try #require(option.source, "\(option.description.name) does not choose")
            for value in ["NAME", "NAME=VALUE", "never"] {
                let row =
                    switch source(value) {
                    case .anyFile: "either file "
                    case .announced: "either file; from the code's"
                    case .userFile: "your own file alone "
                    }
                expected[row, default: []].insert(option.description.key)
            }
        }
        #expect(try documented() == expected)
    }

    @Test(arguments: [
        (#"{"credentials_path": "/key"}"#, "'credentials_path'"),
        (#"{"agent_path": "./agent"}"#, "'agent_path'"),
        (#"{"state_bucket": "theirs"}"#, "'state_bucket'"),
        (#"{"output_bucket": "/elsewhere"}"#, "'output_bucket'"),
        (#"{"ssh_cidr": "0.0.0.0/0"}"#, "'ssh_cidr'"),
        (#"{"grant_dataset_access": true}"#, "'grant_dataset_access'"),
        (#"{"max_duration": "never"}"#, "'max_duration never'"),
        (#"{"env": ["A=1", "AWS_SECRET_ACCESS_KEY"]}"#, "'env AWS_SECRET_ACCESS_KEY'"),
        (#"{"env": "HOME"}"#, "'env HOME'"),
        (#"{"code_path": "x"}"#, "'code_path'"), (#"{"wait": true}"#, "'wait'"),
        (#"{"dry_run": false}"#, "'dry_run'"), (#"{"json": true}"#, "'json'"),
    ])
    func `the code's file takes nothing that is the user's`(json: String, key: String) throws {
        try writeBeside(json)
        for typed in [[], ["--env", "A=2", "--state_bucket", "mine"]] {
            let failure = #expect(throws: Failure.self) { try arguments(code + typed) }
            #expect(failure?.exit == 2)
            #expect(failure?.summary.contains(key) == true, "\(failure?.summary ?? "")")
            #expect(failure?.summary.contains("/code/train.json'") == true)
            #expect(failure?.summary.contains("travels with code: it ") == true)
            #expect(failure?.hint?.contains("~/.config/train/train.json") == true)
        }
        // The same is welcome in the user's own.
        unlink(laptop.code + "/train.json")
        try writeOwn(json)
        _ = try arguments(key == "'code_path'" ? [] : code)
    }

    @Test func `a start refuses such a file before it makes anything`() async throws {
        try writeBeside(#"{"env": ["AWS_SECRET_ACCESS_KEY"]}"#)
        #expect(await laptop.start([]) == 2)
        #expect(try laptop.context.state.all().isEmpty)
    }

    // MARK: What is printed

    @Test func `what the code's file decides about money is printed in one line`() throws {
        try writeBeside(
            #"""
            {"machine_type": "a3-highgpu-8g", "image": "evil/image\u001b[2J", "zones": "a,b",
             "max_duration": "7d", "spot": true, "module": "a.b", "mirror": true}
            """#)
        try writeOwn(#"{"gpu_type": "mine"}"#)
        let arguments = try arguments(code + ["--zones", "c"])
        #expect(arguments.machine.zones == ["c"])
        #expect(
            laptop.heard.errors == """
                from train.json: image 'evil/image\\u{1B}[2J', machine_type a3-highgpu-8g, \
                max_duration 7d, spot true

                """)
        #expect(laptop.heard.outputs.isEmpty)
    }

    // MARK: The user's own

    @Test func `a typed flag goes before the code's file, which goes before the user's own`() throws
    {
        try writeBeside(#"{"module": "code.main", "keep_last": 2, "exclude": ["code"]}"#)
        try writeOwn(
            #"""
            {"module": "own.main", "keep_last": 3, "exclude": ["own"], "grace_seconds": 7,
             "env": ["TOKEN"], "ssh_cidr": "203.0.113.7/32"}
            """#)
        let arguments = try arguments(code + ["--module", "typed.main"])
        #expect(arguments.training.module == "typed.main")
        #expect(arguments.training.keepLast == 2)
        #expect(arguments.training.exclude == ["code"])
        #expect(arguments.training.grace.seconds == 7)
        #expect(arguments.training.environment == ["TOKEN"])
        #expect(arguments.machine.sshCidr == "203.0.113.7/32")
        #expect(laptop.heard.errors.isEmpty)
    }

    @Test func `a command and a module take each other's place, whoever says it first`() throws {
        try writeBeside(#"{"command": "python train.py {output_directory}"}"#)
        try writeOwn(#"{"module": "own.main", "arguments": ["--epochs", 5]}"#)
        let beside = try arguments(code)
        #expect(beside.training.command == "python train.py {output_directory}")
        #expect(beside.training.module == nil)
        #expect(beside.training.arguments.isEmpty)
        #expect(
            laptop.heard.errors
                == "from train.json: command 'python train.py {output_directory}'\n")
        let typed = try arguments(code + ["--module", "typed.main"])
        #expect(typed.training.command == nil)
        #expect(typed.training.module == "typed.main")
    }

    @Test func `one file that says both is refused`() throws {
        try writeBeside(#"{"command": "python train.py", "module": "a.b"}"#)
        let both = try arguments(code)
        #expect(throws: Failure.self) { try both.training.entry(in: laptop.code) }
    }

    @Test func `the user's own may say where the code is, whose file then counts`() throws {
        try writeOwn("{\"code_path\": \"\(laptop.code)\", \"keep_last\": 3}")
        try writeBeside(#"{"keep_last": 2}"#)
        let arguments = try arguments()
        #expect(arguments.codePath == laptop.code)
        #expect(arguments.training.keepLast == 2)
    }

    @Test(arguments: [0o666, 0o620, 0o602] as [mode_t])
    func `a file that others may write is not the user's own`(mode: mode_t) throws {
        try writeOwn("{}")
        chmod(laptop.scratch.path + "/config/train/train.json", mode)
        let failure = #expect(throws: Failure.self) { try arguments(code) }
        #expect(failure?.exit == 2)
        #expect(failure?.summary.contains("can be written by other users") == true)
        #expect(failure?.hint?.contains("chmod go-w") == true)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
    func `a file of another user is not the user's own`() throws {
        try writeOwn("{}")
        chown(laptop.scratch.path + "/config/train/train.json", 65_534, 65_534)
        let failure = #expect(throws: Failure.self) { try arguments(code) }
        #expect(failure?.summary.contains("belongs to another user") == true)
    }

    @Test(arguments: [
        (["XDG_CONFIG_HOME": "/c", "HOME": "/h"], "/c/train/train.json"),
        (["XDG_CONFIG_HOME": "relative", "HOME": "/h"], "/h/.config/train/train.json"),
        (["HOME": "/h"], "/h/.config/train/train.json"), ([:], nil),
    ])
    func `the user's own stands where the desktop's rules say`(
        environment: [String: String], path: String?
    ) {
        #expect(ConfigurationFile.userPath(environment: environment) == path)
    }
}
