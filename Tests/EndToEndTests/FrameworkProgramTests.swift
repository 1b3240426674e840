import Shared
import TestSupport
import Testing

/// Programs in the idioms of frameworks, none of which knows of us, under the real agent with the
/// real frameworks.
@Suite(.serialized, .timeLimit(.minutes(20))) struct FrameworkProgramTests {
    /// One of the programs in `Programs`, and what it must show.
    struct Program: Sendable, CustomStringConvertible {
        var description: String
        /// As a user would give it to `--command`.
        var command: String
        var curves: Set<String>
        /// The last step of the optimizers, and the end where the program says it.
        var step: Int64
        var total: Int64?
    }

    static let programs = [
        Program(
            description: "nanogpt", command: "python train.py --out_dir={output_directory}",
            curves: ["train_loss", "val_loss", "loss", "time"], step: 61),
        Program(
            description: "mnist", command: "python main.py --epochs 2",
            curves: ["loss", "test/average_loss", "test/accuracy"], step: 32),
        Program(
            description: "huggingface", command: "python train.py {output_directory}",
            curves: ["loss", "grad_norm", "learning_rate", "eval_loss"], step: 120, total: 120),
        Program(
            description: "keras_fit", command: "python train.py {output_directory}",
            curves: ["loss", "accuracy", "val_loss", "val_accuracy"], step: 104, total: 104),
        Program(
            description: "lightning_cli",
            command: """
                python main.py fit --trainer.default_root_dir={output_directory} \
                --trainer.max_epochs=3 --trainer.accelerator=cpu
                """,
            curves: ["train_loss", "weight_norm", "val_loss"], step: 120, total: 120),
    ]

    static let place = BuiltProducts.repository + "/Tests/EndToEndTests/Programs/"
    static var packages: String? {
        let library = BuiltProducts.repository + "/.build-tools/frameworks/lib"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: library)) ?? []
        return names.first.map { "\(library)/\($0)/site-packages" }
    }

    @Test(
        .enabled(if: packages != nil, "needs .build-tools/frameworks, which .ci/install.sh makes"),
        arguments: programs)
    func `a program that knows nothing of us has curves and progress`(
        program: Program
    ) async throws {
        let directory = Self.place + program.description
        var files: [String: String] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: directory)
        where name.hasSuffix(".py") {
            files[name] = String(decoding: try readFile(directory + "/" + name), as: UTF8.self)
        }
        try await AgentFixture.with(main: "", files: files) { job in
            job.code.module = nil
            job.code.command = program.command
            job.environment["PYTHONPATH"] = Self.packages
        } _: { fixture in
            let result = try await fixture.start().wait()
            #expect(
                result.succeeded,
                "\(fixture.inBucket("logs/train.log") ?? "") \(result.errorOutput)")
            var reader = ScalarReader(
                logs: fixture.bucket + "/logs", output: fixture.bucket + "/output")
            reader.read()
            let names = Set(reader.series.map(\.name))
            #expect(program.curves.isSubset(of: names), "\(names)")
            for series in reader.series where program.curves.contains(series.name) {
                #expect(series.count > 1 && !series.stepsRepeat, "\(series.name)")
            }
            let progress = try #require(try fixture.status().progress)
            #expect(progress.step == program.step)
            if let total = program.total { #expect(progress.total == total) }
        }
    }
}
