import Shared
import TestSupport
import Testing

/// Trainings of real frameworks that are killed, and go on from the store on a machine of their own.
@Suite(
    .enabled(
        if: FrameworkProgramTests.packages != nil && isInstalled("cc"),
        "needs .build-tools/frameworks, which .ci/install.sh makes, and a C compiler"),
    .timeLimit(.minutes(20)))
struct FrameworkKillTests {
    /// When the trainer is killed.
    enum Moment: Sendable, CustomStringConvertible {
        /// One second after its newest checkpoint.
        case after
        /// In the middle of a file of that checkpoint, counted as they are written.
        case inFile(Int)
        /// The same for each of its files, one training for each.
        case inEveryFile

        var description: String {
            switch self {
            case .after: "after its newest checkpoint"
            case .inFile(let index): "in file \(index) of a checkpoint"
            case .inEveryFile: "in every file of a checkpoint"
            }
        }
    }

    /// A program of `Programs/killed`, and when it is killed.
    struct Case: Sendable, CustomTestStringConvertible {
        var program: String
        var moment: Moment
        var testDescription: String { "\(program), \(moment)" }
    }

    private static let programs = [
        "boosting", "hugging_face", "keras_fit", "lightning_fit", "one_file", "tensors",
        "tensorflow_fit",
    ].filter(isInstalled)
    /// TensorFlow, which takes longest to install, may be missing.
    private static func isInstalled(_ program: String) -> Bool {
        program != "tensorflow_fit"
            || exists((FrameworkProgramTests.packages ?? "") + "/tensorflow")
    }

    static let cases: [Case] =
        if ProcessInfo.processInfo.environment["TRAIN_SLOW_TESTS"] != nil {
            programs.flatMap { program in
                [Moment.after, .inEveryFile].map { Case(program: program, moment: $0) }
            }
        } else {
            [
                Case(program: "boosting", moment: .inFile(0)),
                Case(program: "hugging_face", moment: .after),
                Case(program: "hugging_face", moment: .inFile(1)),
                Case(program: "keras_fit", moment: .inFile(0)),
                Case(program: "lightning_fit", moment: .after),
                Case(program: "one_file", moment: .inFile(0)),
                Case(program: "tensors", moment: .inFile(1)),
                // The index, which is written in place after the parts have their names.
                Case(program: "tensorflow_fit", moment: .inFile(2)),
            ].filter { isInstalled($0.program) }
        }

    private let scratch: Scratch
    private var store: String { scratch.path + "/store" }
    /// Each of the programs writes checkpoints at these steps; the third is the last one.
    private static let (second, third, last) = (20, 30, 50)

    init() throws {
        scratch = try Scratch()
        try scratch.write("1,2\n", to: "data/beer.csv")
        let place = FrameworkProgramTests.place + "killed"
        for name in try FileManager.default.contentsOfDirectory(atPath: place)
        where name.hasSuffix(".py") {
            let text = try readFile(place + "/" + name)
            try scratch.write(String(decoding: text, as: UTF8.self), to: "code/" + name)
        }
    }

    /// The agent on a machine of its own, with the one store.
    private func agent(
        _ program: String, machine: String, _ variables: [String: String]
    ) -> Command {
        let root = scratch.path + "/" + machine
        var command = Command(
            BuiltProducts.agent,
            [
                "run", "--code_path", scratch.path + "/code", "--dataset_directory",
                scratch.path + "/data", "--output_directory", root + "/output",
                "--logs_directory", root + "/logs", "--work_directory", root + "/work",
                "--store", store, "--sync_interval_seconds", "1",
                "--command", "exec python \(program).py {output_directory}",
            ])
        command.environment = [
            "HOME": root, "XDG_STATE_HOME": nil, "PYTHONPATH": FrameworkProgramTests.packages,
        ]
        for (name, value) in variables { command.environment[name] = value }
        return command
    }

    private func log(_ machine: String) -> String {
        scratch.read("\(machine)/logs/train.log") ?? ""
    }

    /// The number behind the last line that begins with `word`.
    private static func number(after word: String, in log: String) -> Int? {
        log.split(separator: "\n").last { $0.hasPrefix(word + " ") }
            .flatMap { $0.split(separator: " ").last }.flatMap { Int($0) }
    }

    /// Trains until the kill, and on from there.
    ///
    /// - Returns: whether a file was cut; without, the checkpoint has no file of this number.
    private func train(_ program: String, _ moment: Moment, round: Int) async throws -> Bool {
        let (first, next) = ("first\(round)", "next\(round)")
        for name in ["store", "armed", "cut"] {
            try? FileManager.default.removeItem(atPath: scratch.path + "/" + name)
        }
        var variables = ["KILL": "after", "KILL_STORE": store]
        if case .inFile(let index) = moment {
            let library = scratch.path + "/cut.so"
            let source = FrameworkProgramTests.place + "killed/cut.c"
            _ = try await PosixRunner().output(
                of: Command("cc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]))
            variables["KILL"] = "cut"
            variables["LD_PRELOAD"] = library
            variables["CUT_ARMED"] = scratch.path + "/armed"
            variables["CUT_BELOW"] = "\(scratch.path)/\(first)/output/"
            variables["CUT_INDEX"] = String(index)
            variables["CUT_DONE"] = scratch.path + "/cut"
        }
        let killed = try await PosixRunner().run(agent(program, machine: first, variables))
        let told = "\(program), \(moment): \(log(first)) \(killed.errorOutput)"
        #expect(killed.termination == .exited(128 + SIGKILL), "\(told)")
        #expect(Self.number(after: "from", in: log(first)) == 0, "\(told)")
        let wasCut = exists(scratch.path + "/cut")
        let newest = wasCut ? Self.second : Self.third

        let resumed = try await PosixRunner().run(agent(program, machine: next, [:]))
        let after = "\(told)\nthen: \(log(next)) \(resumed.errorOutput)"
        #expect(resumed.succeeded, "\(after)")
        #expect(Self.number(after: "from", in: log(next)) == newest, "\(after)")
        #expect(Self.number(after: "ended at", in: log(next)) == Self.last, "\(after)")
        return wasCut
    }

    @Test(arguments: cases)
    func `a training that was killed goes on from its newest whole checkpoint`(
        row: Case
    ) async throws {
        switch row.moment {
        case .after:
            _ = try await train(row.program, row.moment, round: 0)
        case .inFile:
            let wasCut = try await train(row.program, row.moment, round: 0)
            #expect(wasCut, "nothing was cut")
        case .inEveryFile:
            var index = 0
            while try await train(row.program, .inFile(index), round: index) { index += 1 }
            // Lightning writes elsewhere and renames.
            #expect(index > 0 || row.program == "lightning_fit", "nothing was cut")
        }
    }
}
