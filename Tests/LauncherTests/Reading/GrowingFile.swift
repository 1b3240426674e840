import Shared
import Synchronization

@testable import Launcher

/// Files that grow, in a place that may be behind and may not answer.
final class GrowingFile: RunPlace {
    private struct State {
        var files: [String: [UInt8]] = [:]
        /// As far as a reader sees; nil: all.
        var visible: [String: Int] = [:]
        var failures = 0
        var reads = 0
    }

    let kind: SourceKind
    private let state = Mutex(State())
    private let whenPaused: @Sendable (GrowingFile) throws -> Void

    init(
        _ kind: SourceKind = .bucket,
        whenPaused: @escaping @Sendable (GrowingFile) throws -> Void = { _ in }
    ) {
        self.kind = kind
        self.whenPaused = whenPaused
    }

    func append(_ text: String, to path: String = "logs/train.log") {
        state.withLock { $0.files[path, default: []] += Array(text.utf8) }
    }

    func set(_ bytes: [UInt8], at path: String = "logs/train.log") {
        state.withLock { $0.files[path] = bytes }
    }

    /// Shows the first bytes alone.
    func show(_ count: Int?, of path: String = "logs/train.log") {
        state.withLock { $0.visible[path] = count }
    }

    func mark(_ attempt: Int, _ offset: Int64) throws {
        let mark = LogMark(attempt: attempt, offset: offset, time: Date(timeIntervalSince1970: 1))
        append(
            String(decoding: try JSONFormat.line(mark), as: UTF8.self),
            to: "logs/train_log_index.jsonl")
    }

    /// The next looks fail.
    func fail(_ count: Int) { state.withLock { $0.failures = count } }

    var reads: Int { state.withLock { $0.reads } }

    func read(_ path: String, _ range: Range<Int64>) async throws -> Data {
        try state.withLock { state in
            state.reads += 1
            if state.failures > 0 {
                state.failures -= 1
                throw Failure("cut")
            }
            let bytes = (state.files[path] ?? []).prefix(state.visible[path] ?? .max)
            let range = range.clamped(to: 0..<Int64(bytes.count))
            return Data(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        }
    }

    func size(of path: String) async throws -> Int64 {
        state.withLock { state in
            Int64(min(state.files[path]?.count ?? 0, state.visible[path] ?? .max))
        }
    }

    func list(_ tree: String) async throws -> [ListedFile] {
        state.withLock { state in
            state.files.compactMap { path, bytes in
                guard path.hasPrefix(tree + "/") else { return nil }
                let size = min(bytes.count, state.visible[path] ?? .max)
                return ListedFile(
                    path: String(path.dropFirst(tree.count + 1)), size: Int64(size))
            }
        }
    }

    func pause() async throws {
        try Task.checkCancellation()
        try whenPaused(self)
        await Task.yield()
    }
}
