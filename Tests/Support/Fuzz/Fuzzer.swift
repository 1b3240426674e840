import Dispatch
import Shared
import Synchronization

/// Calls a parser with many hostile inputs: no trap, no hang, no control character in what a person is
/// shown, no memory without bound.
///
/// A trap ends the whole test process; the input that did it is then in the file that `begin` printed.
package struct Fuzzer: Sendable {
    /// How many inputs each parser gets; `.ci/run long` gives 100,000.
    package static let inputs =
        ProcessInfo.processInfo.environment["TRAIN_FUZZ_INPUTS"].flatMap { Int($0) } ?? 500
    /// The first of the seeds; `.ci/run` takes the commit's.
    package static let seed =
        ProcessInfo.processInfo.environment["TRAIN_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1

    /// One input takes microseconds; this is what a person calls a hang.
    static let longest: Duration = .seconds(2)
    /// A single input may make the process grow by so many bytes at most.
    static let mostMemory = 1 << 30

    private static let folder =
        parentDirectory(parentDirectory(parentDirectory(#filePath))) + "/Fuzz"

    /// A good input's file.
    package static func seed(_ target: String, _ name: String) -> String {
        "\(folder)/seeds/\(target)/\(name)"
    }

    private let target: FuzzTarget
    private let seeds: [[UInt8]]
    private let words: [[UInt8]]

    /// - Throws: `Failure` where the parser has no good inputs.
    package init(_ target: FuzzTarget) throws {
        self.target = target
        let place = "\(Self.folder)/seeds/\(target.name)"
        seeds = try TreeScan(of: place).files.map { Array(try readFile($0.source)) }
        guard !seeds.isEmpty else { throw Failure("\(place) holds no seeds") }
        words = try (target.words + ["hostile"]).flatMap { name in
            try readFile("\(Self.folder)/words/\(name).txt").split(separator: 0x0A).map(
                Self.unescaped)
        }
    }

    /// A word as the file has it: `\u{1B}` for a character that no text file should hold.
    private static func unescaped(_ line: Data) -> [UInt8] {
        let text = String(decoding: line, as: UTF8.self)
        return Array(
            text.replacing(/\\u\{([0-9A-F]+)\}/) { match in
                UInt32(match.1, radix: 16).flatMap { Unicode.Scalar($0) }.map(String.init) ?? ""
            }.utf8)
    }

    /// - Returns: a line for each defect; the first few.
    package func defects(
        inputs: Int = Fuzzer.inputs, seed: UInt64 = Fuzzer.seed
    ) async throws -> [String] {
        for good in seeds {
            if let defect = await defect(of: good) { return ["a seed: \(defect)"] }
        }
        var mutator = Mutator(seeds: seeds, words: words, seed: seed)
        let note = try InputNote(target.name)
        let watchdog = Watchdog(target.name, note: note.path)
        defer { watchdog.stop() }
        var defects: [String] = []
        for number in 0..<inputs where defects.count < 5 {
            let input = mutator.next()
            note.write(input)
            watchdog.begin()
            if let defect = await defect(of: input) {
                defects.append(
                    "input \(number): \(defect): \(quoted(String(decoding: input, as: UTF8.self)))")
            }
        }
        watchdog.stop()
        note.remove()
        return defects
    }

    private func defect(of input: [UInt8]) async -> String? {
        let before = Self.mostResident()
        var texts: [String] = []
        var took = Duration.zero
        // An input costs what it costs at best: a computer that does other work is no parser's fault.
        for _ in 1...3 {
            let clock = ContinuousClock()
            let start = clock.now
            do {
                texts = try await target.read(input)
            } catch let failure as Failure {
                texts = [failure.summary, failure.hint ?? "", failure.detail ?? ""]
            } catch {
                return "an error that is no Failure: \(type(of: error))"
            }
            took = clock.now - start
            if took < Self.longest { break }
        }
        guard took < Self.longest else { return "took \(took)" }
        let grown = Self.mostResident() - before
        guard grown < Self.mostMemory else { return "took \(grown) bytes of memory" }
        for text in texts {
            let steering = text.unicodeScalars.first {
                $0.steersTerminal && $0 != "\n" && $0 != "\t"
            }
            if let steering { return "shows \(steering.escaped(asASCII: true)) raw" }
        }
        return nil
    }

    /// In bytes.
    private static func mostResident() -> Int {
        var usage = rusage()
        #if canImport(Darwin)
            getrusage(RUSAGE_SELF, &usage)
            return usage.ru_maxrss
        #else
            getrusage(RUSAGE_SELF.rawValue, &usage)
            return usage.ru_maxrss * 1024
        #endif
    }
}

/// The input that is being read, in a file that outlives a trap.
private struct InputNote {
    let path: String
    private let descriptor: Int32

    init(_ name: String) throws {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        path = "\(base)/train-fuzz-\(name)-\(getpid())"
        descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw systemFailure("cannot write \(quoted(path))") }
    }

    func write(_ input: [UInt8]) {
        ftruncate(descriptor, off_t(input.count))
        _ = input.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    func remove() {
        close(descriptor)
        unlink(path)
    }
}

/// Ends the process where one input takes for ever, and says which.
private final class Watchdog: Sendable {
    private static let patience: Duration = .seconds(60)

    private let began = Mutex(ContinuousClock.now)
    // Dispatch's sources are thread-safe, but not marked so.
    nonisolated(unsafe) private let timer: any DispatchSourceTimer

    init(_ name: String, note: String) {
        timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "fuzz-watchdog"))
        timer.schedule(deadline: .now() + 5, repeating: 5)
        timer.setEventHandler { [weak self] in
            guard let self, ContinuousClock.now - began.withLock({ $0 }) > Self.patience else {
                return
            }
            // Marked as a failed test is, so that CI's summary has it.
            let text = "\n✘ \(name) hangs; its input is in \(note)\n"
            try? AtomicFile.writeAll(Data(text.utf8), to: 2, path: "standard error")
            abort()
        }
        timer.activate()
    }

    func begin() { began.withLock { $0 = .now } }
    func stop() { timer.cancel() }
}
