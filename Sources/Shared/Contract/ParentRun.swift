/// What a run goes on from: the output of another run, or of a folder that `finish` made.
package struct ParentRun: Codable, Sendable, Equatable {
    /// nil where a folder does not say whose it is.
    package var run: RunName?
    /// The store URL or folder that was copied.
    package var source: String
    /// Of the checkpoint that was chosen, in the parent's steps; nil where all of the output was taken.
    package var step: Int?
    package var files: Int
    package var bytes: Int64
    /// What is tuned at the first step, as it was typed, such as `lr=1e-4`.
    package var changes: [String]

    package init(
        run: RunName?, source: String, step: Int?, files: Int, bytes: Int64, changes: [String]
    ) {
        self.run = run
        self.source = source
        self.step = step
        self.files = files
        self.bytes = bytes
        self.changes = changes
    }

    /// In one line, for a person.
    package var description: String {
        let place = run?.description ?? source
        let change = changes.isEmpty ? "" : ", \(changes.joined(separator: " "))"
        return place + (step.map { ", step \($0)" } ?? "") + change
    }
}
