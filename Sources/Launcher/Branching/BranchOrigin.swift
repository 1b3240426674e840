import Shared

/// What a new run takes over from the one that it goes on from, beside its output.
struct BranchOrigin: Sendable {
    /// The code as it was packed for the parent.
    var archive: String
    var codePath: String
    var gitCommit: String?
    var changes: [String] = []
    private let record: RunRecord
    private let words: [String: [String]]

    /// - Returns: nil where this computer does not know what the run was started with.
    /// - Throws: `Failure` where what it knows does not read.
    init?(of parent: RunHandle) throws {
        guard let words = try parent.folder.words(), exists(parent.folder.code) else { return nil }
        let job = try JSONFormat.decode(
            Job.self, from: readFile(parent.folder.job), name: parent.folder.job)
        archive = parent.folder.code
        codePath = parent.record.codePath
        gitCommit = job.code.gitCommit
        record = parent.record
        self.words = words
    }

    /// The arguments of a start that does again what the parent's did, but for what is typed now.
    ///
    /// - Parameters:
    ///   - code: where its code is unpacked.
    ///   - place: of the parent, for `--initial_output`.
    /// - Throws: `Failure` with exit code 2 where one of them does not read any more.
    func arguments(
        _ parsed: Parsed<Branch.Arguments>, step: Int, code: String, place: String
    ) throws -> StartArguments {
        var parsed = parsed
        let address = Set(Branch.Arguments.addressOptions.map(\.description.name))
        for (name, values) in words.sorted(by: { $0.key < $1.key }) {
            guard !address.contains(name), !Self.own.contains(name), !parsed.replaces(name) else {
                continue
            }
            _ = try parsed.setDefault(name, to: values)
        }
        let typed = try parsed.checked()
        var start = typed.start
        let run = record.run
        start.address = RunAddress()
        start.address.cloud = run.cloud
        start.address.projectName = run.projectName
        start.address.credentialsPath = record.credentialsPath
        start.address.codeName = typed.name ?? "\(run.codeName)-\(step)"
        start.address.datasetName = run.datasetName
        start.address.stateBucket = typed.address.stateBucket ?? words["--state_bucket"]?.last
        start.codePath = code
        start.datasetBucket = record.dataset
        start.outputBucket = words["--output_bucket"]?.last
        start.agentPath = words["--agent_path"]?.last
        start.initialOutput = place
        start.initialStep = step
        let newer = parsed.texts.filter { !address.contains($0.key) && !Self.own.contains($0.key) }
        start.given = words.merging(newer) { $1 }
        start.branch = self
        return start
    }

    /// What says how `start` or `branch` themselves behave, and not what is trained.
    private static let own: Set<String> = [
        "--wait", "--json", "--dry_run", "--replace", "--initial_output", "--initial_step", "--at",
        "--as", "NAME=VALUE",
    ]
}
