import Shared

/// Azure's tool, az.
extension AzureProvider {
    var tool: String { "az" }

    func stateQuery(of machine: Machine) -> [String] {
        ["vm", "get-instance-view", "--ids", machine.instanceId]
            + ["--query", "instanceView.statuses[].code", "-o", "tsv"]
    }

    /// A machine that is stopped and not deallocated bills on, but trains no more.
    func stateWords(of machine: Machine) -> (running: [String], gone: [String]) {
        (
            running: ["PowerState/starting", "PowerState/running", "PowerState/stopping"],
            gone: [
                "PowerState/deallocat", "PowerState/stopped", "ResourceNotFound",
                "ResourceGroupNotFound",
            ]
        )
    }

    func stopArguments(of machine: Machine) -> [String] {
        ["vm", "deallocate", "--ids", machine.instanceId]
    }

    func resolved(_ place: CloudPlace, credentialsPath: String?) throws -> CloudPlace {
        var place = place
        let key = try credentialsPath.map(AzureKey.init)
        // In the order of `azure-machine.tf`.
        let named = [place.project, key?.subscriptionId].compactMap { $0 }
        guard let subscription = named.first(where: AzureKey.isSubscription) else {
            throw Failure(
                "which subscription Terraform works in is not known",
                hint: "give --project_name ID, the id of the subscription")
        }
        place.project = subscription
        return place
    }
}
