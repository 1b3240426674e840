import Shared
import TestSupport
import Testing

@testable import Agent

/// The parsers of `Agent`, under hostile input. A parser that is new there gets a line here.
enum AgentParsers {
    static let all = own + AnswerParsers.all

    private static let own: [FuzzTarget] = [
        FuzzTarget("journal") { input in
            let journal = try JSONFormat.decode(
                Journal.self, from: Data(input), name: "journal.json")
            return ["\(journal.isOver)", "\(journal.start.number)"]
        },
        FuzzTarget("index", words: ["index"]) { input in
            try inFile(input) { path in
                var ledger = LedgerFile(path: path)
                let entries = ledger.load()
                guard !entries.isEmpty else { return [] }
                // What was read is written and reads the same.
                try ledger.rewrite(entries)
                ledger.shut()
                var again = LedgerFile(path: path)
                guard again.load().count == entries.count, !again.isDamaged else { throw Changed() }
                return []
            }
        },
        FuzzTarget("keeper-record") { input in
            try inFile(input) { path in
                let record = KeeperRecord.read(path)
                return ["\(record?.termination as Any)"]
            }
        },
        .ofText("nvidia-smi") { input in
            NvidiaSMI.gpus(from: input).map { "\($0.memory)" }
        },
        .ofText("gpu-stream") { input in
            input.split(separator: "\n").compactMap { GPUStream.gpu(in: $0.utf8)?.text }
        },
        .ofText("proc-counters") { input in
            var counters = MachineCounters()
            counters.readProcessor(input)
            counters.readMemory(input)
            counters.readDisks(input) { _ in true }
            counters.readNetworks(input) { _ in true }
            let load = MachineLoad(
                from: MachineCounters(), to: counters, seconds: 1, diskFree: nil, gpus: [])
            return [load.line(at: Date(timeIntervalSince1970: 0)), load.text ?? ""]
        },
        FuzzTarget("stack-registration") { input in
            StackRegistration(input).map { ["\($0.pid) \($0.start) \($0.signal)"] } ?? []
        },
        .ofText("proc-status") { input in
            ["\(StackRegistration.catches(38, input))"]
        },
        .ofText("python-error", words: ["python"]) { input in
            let lines = input.split(separator: "\n").map { LogTail.shown(String($0)) }
            let line = PythonError.line(in: lines)
            let asked = PythonError.Asked(title: "requirements.txt", texts: ["torch\n"])
            return [line ?? "", line.flatMap { PythonError.hint(for: $0, asked: asked) } ?? ""]
        },
        .ofText("kernel-log", words: ["log"]) { input in
            KernelLog.hardwareFailure(in: input, since: 100).map { [$0] } ?? []
        },
        .ofText("path-patterns") { input in
            let lines = input.split(separator: "\n").map(String.init)
            let patterns = PathPatterns(Array(lines.prefix(20)))
            return lines.prefix(50).map { "\(patterns.excludes($0))" }
        },
    ]

    /// A ledger that did not come back as it was written.
    private struct Changed: Error {}

    static func inFile(
        _ input: [UInt8], _ body: (String) throws -> [String]
    ) throws -> [String] {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        let path = "\(base)/train-fuzz-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        defer { unlink(path) }
        try Data(input).write(to: URL(filePath: path))
        return try body(path)
    }
}

@Suite(.serialized) struct AgentFuzzTests {
    @Test(arguments: AgentParsers.all)
    func `hostile input`(_ target: FuzzTarget) async throws {
        let defects = try await Fuzzer(target).defects()
        #expect(defects == [])
    }
}
