import Shared

/// How every command that concerns one run is told which.
struct RunAddress: Sendable {
    /// `CODE/DATASET`, the short form, or `CODE` alone.
    var short: String?
    var cloud: String?
    var projectName: String?
    var credentialsPath: String?
    var codeName: String?
    var datasetName: String?
    /// Where the run's state is, if not on the computer that started it alone.
    var stateBucket: String?

    /// The names of the short form put in their places.
    ///
    /// - Throws: `Failure` with exit code 2 where it is no pair, or contradicts a flag.
    func expanded() throws -> RunAddress {
        guard let short else { return self }
        let parts = short.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count) else {
            throw Failure.usage(
                "\(quoted(short)) is not the name of a run", hint: "give CODE/DATASET")
        }
        var address = self
        if let codeName, codeName != parts[0] {
            throw Failure.usage("--code_name \(quoted(codeName)) contradicts \(quoted(short))")
        }
        address.codeName = parts[0]
        guard parts.count == 2 else { return address }
        if let datasetName, datasetName != parts[1] {
            throw Failure.usage(
                "--dataset_name \(quoted(datasetName)) contradicts \(quoted(short))")
        }
        address.datasetName = parts[1]
        return address
    }

    /// Gives a new run that has no name the last parts of where its code and its dataset are.
    mutating func fillNames(code: String, dataset: String) {
        if let short, short.contains("/") { return }
        codeName = codeName ?? short ?? RunName.part(ofPath: StoreURL.absolutePath(code))
        let isURL = dataset.contains("://")
        datasetName =
            datasetName ?? RunName.part(ofPath: isURL ? dataset : StoreURL.absolutePath(dataset))
    }

    /// The full name of a run to be started.
    ///
    /// - Throws: `Failure` with exit code 2 naming the flag that is missing or wrong.
    func newRun(on cloud: any Cloud) throws -> RunName {
        let names = try expanded()
        func required(_ value: String?, _ flag: String, _ example: String) throws -> String {
            guard let value else {
                throw Failure.usage("\(flag) is missing", hint: "give \(flag) \(example)")
            }
            return value
        }
        let run = try RunName(
            cloud: cloud.name,
            projectName: required(
                names.projectName ?? cloud.defaultProjectName, "--project_name", "PROJECT"),
            codeName: required(names.codeName, "--code_name", "classifier"),
            datasetName: required(names.datasetName, "--dataset_name", "beer"))
        if cloud.needsCredentials {
            _ = try required(credentialsPath, "--credentials_path", "FILE")
        }
        return run
    }

    /// The one run known here that fits all that is given; what is not given fits any.
    ///
    /// - Throws: `Failure` where none or several fit.
    func find(in state: RunsDirectory) throws -> (folder: RunFolder, record: RunRecord) {
        let names = try expanded()
        if names.codeName == nil, names.datasetName == nil {
            throw Failure.usage(
                "--code_name is missing",
                hint: "give the run as CODE/DATASET, or CODE if it is unique")
        }
        try names.checkCharacters()
        let all = try state.all()
        let known = all.compactMap { entry in
            (try? entry.record.get()).map { (folder: entry.folder, record: $0) }
        }
        let matches = known.filter { names.fits($0.record.run) }
        if let only = matches.first, matches.count == 1 { return only }
        guard matches.isEmpty else {
            let places = matches.map {
                "\($0.record.run) on \($0.record.run.cloud) (project \($0.record.run.projectName))"
            }
            let isOneName = Set(matches.map(\.record.run.description)).count == 1
            throw Failure.usage(
                "several runs are called \(names.title): \(places.sorted().joined(separator: ", "))",
                hint: isOneName
                    ? "say which: --cloud CLOUD --project_name PROJECT"
                    : "say which: give CODE/DATASET")
        }
        let unreadable = all.compactMap { entry in
            if case .failure(let failure) = entry.record { failure.summary } else { nil }
        }
        throw Failure(
            "no run \(names.title) is known here: it was never started, or is finished already",
            detail: unreadable.isEmpty ? nil : unreadable.joined(separator: "\n"),
            hint: Spelling.hint(for: names.title, among: known.map(\.record.run.description))
                ?? "train list shows the runs that are known")
    }

    private var title: String {
        [codeName, datasetName].compactMap { $0 }.joined(separator: "/")
    }

    /// A name that no run can have is a mistake, not an unknown run.
    private func checkCharacters() throws {
        _ = try RunName(
            cloud: LocalCloud.name, projectName: projectName ?? "any", codeName: codeName ?? "any",
            datasetName: datasetName ?? "any")
    }

    /// Whether a run is one of those that are addressed; what is not given fits any.
    func fits(_ run: RunName) -> Bool {
        (codeName == nil || run.codeName == codeName)
            && (datasetName == nil || run.datasetName == datasetName)
            && (cloud == nil || run.cloud == cloud)
            && (projectName == nil || run.projectName == projectName)
    }
}

/// Arguments that address one run.
protocol RunAddressing: CommandArguments {
    var address: RunAddress { get set }
}

extension RunAddressing {
    /// The rows of every command about a run that is there.
    static var addressOptions: [Option<Self>] {
        addressOptions(
            cloud: "\(CloudRegistry.names.joined(separator: ", ")).",
            codeName: "Your name for the code.", datasetName: "Your name for the dataset.")
    }

    /// The rows where a run gets its names.
    static var newAddressOptions: [Option<Self>] {
        let others = CloudRegistry.names.filter { $0 != CloudRegistry.defaultName }
        return addressOptions(
            cloud: "\(others.joined(separator: ", ")); else \(CloudRegistry.defaultName).",
            codeName: "Else the last part of --code_path.",
            datasetName: "Else the last part of --dataset_bucket.")
    }

    private static func addressOptions(
        cloud: String, codeName: String, datasetName: String
    ) -> [Option<Self>] {
        [
            .positional("CODE/DATASET", \Self.address.short, "The run, in place of its two names.")
                .completing(.listed(by: "runs")),
            .text("--cloud", "cloud", \Self.address.cloud, cloud)
                .common().completing(.suggested(CloudRegistry.names)).from(.announced),
            .text("--project_name", "project", \Self.address.projectName, "The cloud's project.")
                .common().from(.announced),
            .text(
                "--credentials_path", "file", \Self.address.credentialsPath,
                "The key of a service account."
            ).completing(.file).from(.userFile(because: "names a key on your computer")),
            .text("--code_name", "name", \Self.address.codeName, codeName).from(.anyFile),
            .text("--dataset_name", "name", \Self.address.datasetName, datasetName)
                .from(.anyFile),
            .text(
                "--state_bucket", "bucket", \Self.address.stateBucket,
                "Keeps the run's state, so that any computer can finish it."
            ).from(.userFile(because: "lets whoever owns the bucket change what Terraform does")),
        ]
    }
}

/// `--json` and the run: all that most commands take.
struct RunArguments: RunAddressing {
    var address = RunAddress()
    var json = false

    static var options: [Option<Self>] {
        addressOptions + [.flag("--json", \.json, "Prints JSON for programs.")]
    }
}
