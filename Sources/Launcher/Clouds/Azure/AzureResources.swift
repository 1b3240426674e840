import Shared

extension AzureProvider: ResourceListing {
    /// The listing shows deleted resources for minutes (azure-rest-api-specs #21221).
    func resourceQueries(in place: CloudPlace) -> [ResourceQuery] {
        [
            ResourceQuery(
                arguments: ["resource", "list", "--tag"]
                    + ["\(LabelledResource.label.name)=\(LabelledResource.label.value)", "--query"]
                    + ["[].{name:name,kind:type,zone:location,tags:tags}", "-o", "json"]
                    + subscription(place),
                lag: .minutes, account: place.project)
        ]
    }

    func removal(of resource: LabelledResource, in place: CloudPlace) -> String {
        var place = place
        place.project = resource.account ?? place.project
        return
            (["az", "group", "delete", "--name", resource.run ?? "RUN"] + subscription(place))
            .joined(separator: " ")
    }

    /// The flag that names the subscription, if the place has one.
    func subscription(_ place: CloudPlace) -> [String] {
        place.project.map { AzureKey.isSubscription($0) ? ["--subscription", $0] : [] } ?? []
    }
}
