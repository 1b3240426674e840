import Shared
import TestSupport
import Testing

/// torchrun gives each rank a session of its own; no way to end a training leaves one behind.
@Suite(
    .enabled(
        if: FrameworkProgramTests.packages != nil,
        "needs .build-tools/frameworks, which .ci/install.sh makes"),
    .timeLimit(.minutes(20)))
struct TorchrunTests {
    /// What is killed in one attempt.
    private enum Victim: CaseIterable {
        /// One rank, as the kernel does where memory runs out.
        case rank
        /// torchrun, the trainer's main process.
        case main
        /// The main process' group.
        case group
    }

    /// The processes of an attempt, once each of its two ranks has begun and one has saved.
    private static func ranks(_ attempt: Int, _ fixture: AgentFixture) async throws -> [[Int32]] {
        try await Eventually.holds { exists(fixture.output + "/saved-\(attempt)") }
        return try (0...1).map { rank in
            let text = try readFile("\(fixture.output)/pids-\(attempt)-\(rank)")
            return String(decoding: text, as: UTF8.self).split(separator: " ").compactMap {
                Int32($0)
            }
        }
    }

    @Test func `no rank of an attempt runs beside the next, or after the end`() async throws {
        let source = FrameworkProgramTests.place + "torchrun/train.py"
        let program = String(decoding: try readFile(source), as: UTF8.self)
        try await AgentFixture.with(main: "", files: ["train.py": program]) { job in
            job.code.module = nil
            job.code.command = """
                exec python -m torch.distributed.run --standalone --nproc_per_node 2 \
                train.py {output_directory}
                """
            job.environment["PYTHONPATH"] = FrameworkProgramTests.packages
            job.environment["OMP_NUM_THREADS"] = "1"
            job.maxRestarts = Victim.allCases.count
        } _: { fixture in
            let agent = try fixture.start()
            var processes: [Int32] = []
            for (index, victim) in Victim.allCases.enumerated() {
                let ranks = try await Self.ranks(index + 1, fixture)
                processes += ranks.flatMap(\.self)
                let main = try #require(ranks[0].last)
                switch victim {
                case .rank: kill(ranks[1][0], SIGKILL)
                case .main: kill(main, SIGKILL)
                case .group: kill(-main, SIGKILL)
                }
            }
            processes += try await Self.ranks(Victim.allCases.count + 1, fixture).flatMap(\.self)
            kill(agent.pid, SIGTERM)
            _ = await agent.wait()
            let log = fixture.inBucket("logs/train.log") ?? ""
            for process in processes { #expect(ProcessIdentity(of: process) == nil, "\(log)") }
            let names = try FileManager.default.contentsOfDirectory(atPath: fixture.output)
            #expect(!names.contains { $0.hasPrefix("beside") }, "\(names)")
            try fixture.expectEnded(.stopped)
            // Each attempt went on from what the one before had saved.
            let begun = log.split(separator: "\n").filter { $0.hasPrefix("attempt ") }
                .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
            #expect(begun.count == Victim.allCases.count + 1, "\(log)")
            #expect(begun.first == 0 && begun.dropFirst().allSatisfy { $0 > 0 }, "\(begun)")
            #expect(begun == begun.sorted(), "\(begun)")
            let paths = try fixture.manifest().files.map(\.path)
            #expect(paths.contains("output/ckpt.pt"), "\(paths)")
        }
    }
}
