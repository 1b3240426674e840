import Shared

/// What a run goes on from, and what of its training is done again.
struct ResumePoint: Sendable, Encodable {
    var run: RunName
    /// The last step that anything said of the training.
    var lastStep: Int64?
    /// The step of the newest checkpoint that is whole in the bucket.
    var checkpointStep: Int64?
    /// Between the two.
    var stepsLost: Int64?

    init(run: RunName, lastStep: Int64?, checkpointStep: Int64?) {
        self.run = run
        self.lastStep = lastStep
        self.checkpointStep = checkpointStep
        if let lastStep, let checkpointStep { stepsLost = max(0, lastStep - checkpointStep) }
    }

    /// A run of which nothing is up begins anew.
    static func find(_ view: RunView) async throws -> ResumePoint {
        let files = try? await ParentFiles.of(view.run)
        return ResumePoint(
            run: view.run.name, lastStep: view.status?.progress?.step,
            checkpointStep: files?.newestWhole.map { Int64($0.step) })
    }

    /// To follow the name of the run.
    var words: String {
        switch (checkpointStep, lastStep) {
        case (let checkpoint?, _?):
            let lost = stepsLost ?? 0
            return "goes on from its checkpoint of step \(checkpoint): "
                + (lost == 0 ? "no step is lost" : "\(counted(Int(lost), "step")) lost")
        case (let checkpoint?, nil):
            return "goes on from its checkpoint of step \(checkpoint)"
        case (nil, let last):
            return "goes on from what its bucket holds"
                + (last.map { ", after step \($0)" } ?? "")
                + "; how many steps are lost is not known"
        }
    }
}
