import Shared

/// The only list of clouds: commands, help, completion, the doctor, error messages and the embedded
/// Terraform files read it.
struct CloudRegistry: Sendable {
    /// The rented clouds of this program.
    ///
    /// Task-local, because the tables of options are static: a test adds a cloud for its own task.
    @TaskLocal static var providers: [any CloudProvider] = [
        GoogleProvider(), AmazonProvider(), AzureProvider(),
    ]

    /// The cloud of a run for which `--cloud` is not given.
    static var defaultName: String { providers.first?.name ?? LocalCloud.name }

    /// As in `--cloud`; this computer comes last.
    static var names: [String] { providers.map(\.name) + [LocalCloud.name] }

    /// The machine type that each cloud takes if none is given, as examples.
    static var machineTypes: String {
        providers.map { $0.machineType(for: MachineRequest()) }.joined(separator: ", ")
    }

    /// The commands that log in to each cloud, for a sentence.
    static var loginCommands: String {
        providers.map(\.loginCommand).joined(separator: ", or ")
    }

    let clouds: [any Cloud]

    init(_ context: Context) {
        clouds =
            Self.providers.map { TerraformCloud(context: context, provider: $0) }
            + [LocalCloud(runner: context.runner, clock: context.clock)]
    }

    /// - Throws: `Failure` with exit code 2 that names the clouds.
    func cloud(_ name: String) throws -> any Cloud {
        if let cloud = clouds.first(where: { $0.name == name }) { return cloud }
        throw Failure.usage(
            "--cloud \(quoted(name)) is not among the clouds: "
                + clouds.map(\.name).joined(separator: ", "),
            hint: "give --cloud \(LocalCloud.name) to train on this machine")
    }
}
