import Shared

/// All clouds. A new one is one more row here.
struct CloudRegistry: Sendable {
    /// What counts where `--cloud` is not given.
    static let defaultName = "gcp"

    let clouds: [any Cloud]

    init(_ context: Context) {
        let rented: [any RentedCloud] = [GoogleCloud(), AmazonCloud(), AzureCloud()]
        clouds =
            rented.map { TerraformCloud(context: context, rented: $0) }
            + [LocalCloud(runner: context.runner, clock: context.clock)]
    }

    /// - Throws: `Failure` with exit code 2 naming the clouds there are.
    func cloud(_ name: String) throws -> any Cloud {
        if let cloud = clouds.first(where: { $0.name == name }) { return cloud }
        throw Failure.usage(
            "--cloud \(quoted(name)) is not among the clouds: "
                + clouds.map(\.name).joined(separator: ", "),
            hint: "give --cloud local to train on this machine")
    }
}
