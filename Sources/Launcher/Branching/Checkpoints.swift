import Shared

/// What a run's manifest names, by the step of the training that it belongs to.
struct Checkpoints: Sendable {
    /// All files of one step.
    struct Checkpoint: Sendable {
        var step: Int
        var files: [Manifest.Entry]

        /// When the last of them was written, in nanoseconds since 1970.
        var savedAt: Int64 { files.map(\.mtime).max() ?? 0 }
    }

    /// Sorted by step.
    let all: [Checkpoint]
    private let output: [Manifest.Entry]
    private let steps: [PathKey: Int]

    /// - Parameter notes: the step of a file by what the observer noted of its content
    ///   (`CheckpointNotes`); where one is known it counts more than any name.
    init(_ manifest: Manifest, notes: [PathKey: Int] = [:]) {
        output = manifest.files.filter { entry in
            !entry.path.utf8.starts(with: "\(BucketLayout.logs)/".utf8)
                && !entry.path.hasSuffix(BucketLayout.partialSuffix)
        }
        let names = output.map { entry in
            CheckpointName(entry.path).flatMap { $0.step == nil ? nil : $0 }
        }
        var units: [String: Int] = [:]
        for (entry, name) in zip(output, names) {
            if let name, let step = notes[PathKey(entry.path)] { units[name.stem] = step }
        }
        var steps: [PathKey: Int] = [:]
        for (entry, name) in zip(output, names) {
            let key = PathKey(entry.path)
            steps[key] = name.flatMap { units[$0.stem] ?? $0.step } ?? notes[key]
        }
        self.steps = steps
        let groups = Dictionary(grouping: output.filter { steps[PathKey($0.path)] != nil }) {
            steps[PathKey($0.path)] ?? 0
        }
        all = groups.map { Checkpoint(step: $0.key, files: $0.value) }.sorted { $0.step < $1.step }
    }

    /// All files that are no logs.
    var everything: [Manifest.Entry] { output }

    /// The output as it stood when a checkpoint was saved, as far as its files are still those: the
    /// checkpoint, those of earlier steps, and all that was last written before it.
    func output(asOf checkpoint: Checkpoint) -> [Manifest.Entry] {
        let savedAt = checkpoint.savedAt
        return output.filter { entry in
            guard let step = steps[PathKey(entry.path)] else { return entry.mtime <= savedAt }
            return step <= checkpoint.step
        }
    }

    /// The one whose step is nearest.
    static func nearest(to step: Int, in checkpoints: [Checkpoint]) -> Checkpoint? {
        checkpoints.min { abs($0.step - step) < abs($1.step - step) }
    }
}
