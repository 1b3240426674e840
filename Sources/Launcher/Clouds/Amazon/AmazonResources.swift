import Shared

extension AmazonProvider: ResourceListing {
    /// Those that are enabled; what is not can hold noresource.
    func regionsQuery(in place: CloudPlace) -> [String]? {
        ["ec2", "describe-regions", "--query", "Regions[].RegionName", "--output", "json"]
            + ["--region", place.region]
    }

    /// Spot requests come first: one that stays would replace a machine that is removed before it.
    func resourceQueries(in place: CloudPlace) -> [ResourceQuery] {
        let label = "Name=tag:\(LabelledResource.label.name),Values=\(LabelledResource.label.value)"
        let states = "Name=instance-state-name,Values=pending,running,stopping,stopped"
        let instances = ["ec2", "describe-instances", "--filters", label, states, "--query"]
        // Not `deleting`: such a disk costs nothing any more.
        let whole = "Name=status,Values=creating,available,in-use,error"
        let tail = ["--output", "json", "--region", place.region]
        return [
            // A request gets its labels after the machine, if at all, so the run's instance profile
            // identifies it too. It is closed a moment after its machine's end.
            ResourceQuery(
                kind: "spot request",
                arguments: ["ec2", "describe-spot-instance-requests", "--filters"]
                    + ["Name=state,Values=open,active,disabled", "--query"]
                    + [
                        "SpotInstanceRequests[].{name:SpotInstanceRequestId,state:State,"
                            + "zone:LaunchedAvailabilityZone,tags:Tags,"
                            + "profile:LaunchSpecification.IamInstanceProfile.Name||"
                            + "LaunchSpecification.IamInstanceProfile.Arn}"
                    ] + tail,
                lag: .minutes, listsOnlyOurs: false, region: place.region),
            // The requests of labelled machines: a request may have neither labels nor a profile.
            ResourceQuery(
                kind: "spot request",
                arguments: instances
                    + [
                        "Reservations[].Instances[?SpotInstanceRequestId][]."
                            + "{name:SpotInstanceRequestId,tags:Tags}"
                    ] + tail,
                lag: .minutes, region: place.region),
            ResourceQuery(
                kind: "machine",
                arguments: instances
                    + [
                        "Reservations[].Instances[].{name:InstanceId,state:State.Name,"
                            + "zone:Placement.AvailabilityZone,tags:Tags}"
                    ] + tail, region: place.region),
            ResourceQuery(
                kind: "disk",
                arguments: ["ec2", "describe-volumes", "--filters", label, whole, "--query"]
                    + ["Volumes[].{name:VolumeId,state:State,zone:AvailabilityZone,tags:Tags}"]
                    + tail, region: place.region),
            ResourceQuery(
                kind: "bucket",
                arguments: ["resourcegroupstaggingapi", "get-resources"]
                    + ["--resource-type-filters", "s3", "--tag-filters"]
                    + [
                        "Key=\(LabelledResource.label.name),Values=\(LabelledResource.label.value)",
                        "--query",
                    ]
                    + ["ResourceTagMappingList[].{name:ResourceARN,tags:Tags}"] + tail,
                lag: .long, region: place.region),
        ]
    }

    func removal(of resource: LabelledResource, in place: CloudPlace) -> String {
        let region = "--region \(resource.region ?? place.region)"
        return switch resource.kind {
        case "spot request":
            "aws ec2 cancel-spot-instance-requests \(region) --spot-instance-request-ids "
                + resource.name
        case "machine": "aws ec2 terminate-instances \(region) --instance-ids \(resource.name)"
        case "disk": "aws ec2 delete-volume \(region) --volume-id \(resource.name)"
        default:
            "aws s3 rb --force s3://\(resource.name.split(separator: ":").last.map(String.init) ?? "")"
        }
    }
}
