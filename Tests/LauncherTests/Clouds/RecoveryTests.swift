import Shared
import TestSupport
import Testing

@testable import Launcher

/// What a later call does with a run that it finds in a state nobody meant.
@Suite struct RecoveryTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    private func cloud(_ provider: any CloudProvider, _ runner: any CommandRunner) -> TerraformCloud
    {
        var context = laptop.context
        context.runner = runner
        context.clock = ManualClock()
        context.now = { Date(timeIntervalSince1970: 10_000) }
        return TerraformCloud(context: context, provider: provider)
    }

    /// A run of which only the start is known, and its folder.
    private func started(
        on cloud: String, _ change: (inout RunRecord) -> Void = { _ in }
    ) throws -> (record: RunRecord, folder: RunFolder) {
        let run = try RunName(
            cloud: cloud, projectName: "acme", codeName: "code", datasetName: "beer")
        var record = RunRecord(
            run: run, createdAt: Date(timeIntervalSince1970: 0), codePath: "/code",
            module: "m", dataset: "s3://d", output: "s3://o")
        change(&record)
        let folder = try laptop.context.state.folder(of: record.run)
        try makeDirectories(folder.path)
        try folder.write(record)
        return (record, folder)
    }

    private func handle(
        _ record: RunRecord, _ folder: RunFolder, _ cloud: TerraformCloud
    ) -> RunHandle {
        RunHandle(record: record, folder: folder, cloud: cloud, context: cloud.context)
    }

    // MARK: Where something may be left

    @Test func `what an interrupted start left is looked for where the machine was asked for`()
        async throws
    {
        let (record, folder) = try started(on: "aws") { $0.zones = ["eu-west-1a", "eu-west-1b"] }
        try AtomicFile.write(Data("{}".utf8), to: folder.path + "/terraform.tfstate")
        let slug = record.run.slug
        let runner = ScriptedRunner { command in
            guard command.executable != "terraform" else {
                return CommandResult(termination: .exited(0))
            }
            let said = command.arguments.joined(separator: " ")
            let isAboutMachines = said.contains("name:InstanceId")
            let orphan =
                "[{\"name\": \"i-1\", \"tags\": [{\"Key\": \"run\", \"Value\": \"\(slug)\"}]}]"
            return CommandResult(
                termination: .exited(0), output: isAboutMachines ? orphan : "[]")
        }
        let cloud = cloud(AmazonProvider(), runner)
        let failure = await #expect(throws: Failure.self) {
            try await cloud.destroy(
                handle(record, folder, cloud), force: false,
                steps: Steps(laptop.context.progress(), clock: ManualClock()))
        }
        #expect(failure?.detail?.contains("--region eu-west-1 --instance-ids i-1") == true)
        let questions = runner.commands.filter { $0.executable == "aws" }
        #expect(!questions.isEmpty)
        #expect(questions.allSatisfy { $0.arguments.contains("eu-west-1") })
    }

    @Test func `each region that was asked for is looked at once`() throws {
        let (record, _) = try started(on: "aws") {
            $0.zones = ["eu-west-1a", "us-east-1a", "eu-west-1b"]
        }
        let runner = ScriptedRunner { _ in nil }
        #expect(
            cloud(AmazonProvider(), runner).places(of: record).map(\.region)
                == ["eu-west-1", "us-east-1"])
        // One question answers for all of Google's regions.
        #expect(cloud(GoogleProvider(), runner).places(of: record).count == 1)
    }

    @Test func `the zones travel with the run, and hold no flag`() throws {
        let (record, _) = try started(on: "aws") { $0.zones = ["eu-west-1a"] }
        var shared = SharedRun(record, stores: "trainabcdefghij23", variables: "{}")
        let bucket = try StoreURL(parsing: "s3://team")
        #expect(
            shared.record(output: bucket, stateBucket: bucket, credentialsPath: nil).zones
                == ["eu-west-1a"])
        try shared.check(is: record.run)
        shared.zones = ["--endpoint-url=https://elsewhere"]
        #expect(throws: Failure.self) { try shared.check(is: record.run) }
    }

    // MARK: A start of another computer

    @Test(arguments: [(9_999.0, true), (9_401.0, true), (9_399.0, false), (20_000.0, true)])
    func `a start is left to its computer for as long as that is heard of`(
        renewed: Double, isRefused: Bool
    ) async throws {
        let (record, folder) = try started(on: "gcp") {
            $0.startLease = StartLease(
                host: "desk\u{1B}[2J", renewedAt: Date(timeIntervalSince1970: renewed))
        }
        let cloud = cloud(GoogleProvider(), ScriptedRunner { _ in nil })
        guard isRefused else {
            #expect(try await cloud.recovered(handle(record, folder, cloud)).stage == .starting)
            return
        }
        let failure = await #expect(throws: Failure.self) {
            try await cloud.recovered(handle(record, folder, cloud))
        }
        #expect(failure?.summary.hasPrefix("desk") == true)
        #expect(failure?.summary.contains("\u{1B}") == false)
    }

    @Test func `only a computer that did not start the run believes the lease`() throws {
        let (mine, _) = try started(on: "gcp")
        var shared = SharedRun(mine, stores: "trainabcdefghij23", variables: "{}")
        shared.startLease = .taken(at: Date(timeIntervalSince1970: 10_000))
        #expect(shared.startLease?.host.isEmpty == false)
        #expect(shared.updated(mine).startLease == nil)
        let bucket = try StoreURL(parsing: "gs://team")
        let theirs = shared.record(output: bucket, stateBucket: bucket, credentialsPath: nil)
        #expect(theirs.startLease == shared.startLease)
        shared.startLease = nil
        #expect(shared.updated(theirs).startLease == nil)
    }

    // MARK: Terraform's state

    @Test func `a state that cannot be read is no empty one`() async throws {
        let (record, folder) = try started(on: "gcp")
        try AtomicFile.write(Data("{".utf8), to: folder.path + "/terraform.tfstate")
        let runner = ScriptedRunner { command in
            let isGood = command.arguments.first == "init"
            return CommandResult(
                termination: .exited(isGood ? 0 : 1), errorOutput: "unexpected end of JSON")
        }
        let cloud = cloud(GoogleProvider(), runner)
        let view = try await handle(record, folder, cloud).look()
        #expect(view.state == .running)
        #expect(StatusText.headline(view, now: Date()).contains("is not known"))
        let forced = try await handle(record, folder, cloud).look(force: true)
        #expect(forced.state == .starting)
    }

    @Test func `a folder with the only true state is not removed`() throws {
        let (_, folder) = try started(on: "gcp")
        try AtomicFile.write(Data("{}".utf8), to: folder.unsavedState)
        #expect(throws: Failure.self) { try folder.remove() }
        #expect(exists(folder.recordPath))
        unlink(folder.unsavedState)
        try folder.remove()
        #expect(!folder.exists)
    }

    @Test func `a state that still cannot be saved stops the removal`() async throws {
        let (record, folder) = try started(on: "gcp")
        for name in ["terraform.tfstate", "errored.tfstate"] {
            try AtomicFile.write(Data("{}".utf8), to: folder.path + "/" + name)
        }
        let runner = ScriptedRunner { command in
            let isGood = command.arguments.first == "init"
            return CommandResult(termination: .exited(isGood ? 0 : 1), errorOutput: "Error 503")
        }
        let cloud = cloud(GoogleProvider(), runner)
        let failure = await #expect(throws: Failure.self) {
            try await cloud.destroy(
                handle(record, folder, cloud), force: false,
                steps: Steps(laptop.context.progress(), clock: ManualClock()))
        }
        #expect(failure?.summary.contains("cannot be saved") == true)
        #expect(runner.commands.map(\.arguments.first) == ["init", "state"])
        #expect(exists(folder.unsavedState))
    }
}
