import Shared

/// The directories that are kept in the bucket, and which object each of their files is.
struct SyncedTrees: Sendable {
    let output: String
    let logs: String
    /// What the training writes there goes up below `stray/`.
    let code: String

    var roots: [Scanner.Root] {
        [
            Scanner.Root(prefix: BucketLayout.output, directory: output),
            Scanner.Root(prefix: BucketLayout.logs, directory: logs),
        ]
    }

    /// The file on this machine whose object is `path`, which begins with one of `BucketLayout.trees`.
    func source(of path: String) -> String {
        for (tree, directory) in [(BucketLayout.output, output), (BucketLayout.stray, code)]
        where path.utf8.starts(with: "\(tree)/".utf8) {
            return "\(directory)/\(path.dropFirst(tree.count + 1))"
        }
        return "\(logs)/\(path.dropFirst(BucketLayout.logs.count + 1))"
    }
}

/// What every step of one run's syncs works with; none of it changes.
struct SyncContext: Sendable {
    let settings: Job.Sync
    let trees: SyncedTrees
    /// Where files are staged.
    let place: StagingPlace
    /// Holds `status.json`, `events.jsonl` and `capsule.json`, the agent's.
    let runDirectory: String
    /// The engine's own: what is up, and what is being sent.
    let stateDirectory: String
    let trainer: TrainerWatch
    /// For waits and intervals; `now` only for what people read.
    let clock: any Clock<Duration>
    let stopwatch: Stopwatch
    let now: @Sendable () -> Date
    let event: SyncEvent

    /// Directories that may lie below the trees and hold the engine's own files.
    var foreign: [String] { [stateDirectory, runDirectory, place.directory] }
}

/// Takes what belongs into `events.jsonl`.
typealias SyncEvent = @Sendable (Event.Kind, String, [String: JSONValue]?) -> Void
