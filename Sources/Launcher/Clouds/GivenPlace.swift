import Shared

/// What `--network`, `--subnet`, `--identity` and `--no_public_ip` may be, by cloud.
extension MachineRequest {
    /// - Throws: `Failure` with exit code 2 where the machine would be cut off from its buckets.
    func checkWayOut() throws {
        guard hasNoPublicIp, network == nil, subnet == nil else { return }
        throw Failure.usage(
            "--no_public_ip: a network made for the run has no other way out, to packages and buckets",
            hint: "name one that has (NAT, or private access to the store): --network NAME")
    }

    fileprivate static func refusal(_ flag: String, _ value: String, _ want: String) -> Failure {
        Failure.usage("\(flag) \(quoted(value)) is not \(want)")
    }
}

extension GoogleProvider {
    /// - Throws: `Failure` with exit code 2 for a name that Google has none of.
    func checkPlace(of machine: MachineRequest) throws {
        try machine.checkWayOut()
        let isLink: (String) -> Bool = { $0.wholeMatch(of: /[a-z0-9][a-zA-Z0-9._:\/-]*/) != nil }
        if let network = machine.network, !isLink(network) {
            throw MachineRequest.refusal("--network", network, "a network's name or link")
        }
        if let subnet = machine.subnet, !isLink(subnet) {
            throw MachineRequest.refusal("--subnet", subnet, "a subnetwork's name or link")
        }
        if machine.subnet != nil, machine.network == nil, machine.sshCidr != AddressRange.none {
            throw Failure.usage(
                "--subnet needs --network too: the rule that lets SSH in belongs to the network",
                hint: "give --network NAME, or --ssh_cidr none")
        }
        if let identity = machine.identity,
            identity.wholeMatch(of: /[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com/) == nil
        {
            throw MachineRequest.refusal(
                "--identity", identity,
                "a service account, such as trainer@PROJECT.iam.gserviceaccount.com")
        }
    }
}

extension AmazonProvider {
    /// - Throws: `Failure` with exit code 2 for a name that AWS has none of.
    func checkPlace(of machine: MachineRequest) throws {
        try machine.checkWayOut()
        if let network = machine.network,
            network != "default", network.wholeMatch(of: /vpc-[0-9a-f]+/) == nil
        {
            throw MachineRequest.refusal("--network", network, "a VPC: vpc-…, or default")
        }
        if let subnet = machine.subnet, subnet.wholeMatch(of: /subnet-[0-9a-f]+/) == nil {
            throw MachineRequest.refusal("--subnet", subnet, "a subnet: subnet-…")
        }
        if let identity = machine.identity, identity.wholeMatch(of: /[A-Za-z0-9_+=,.@-]+/) == nil {
            throw MachineRequest.refusal(
                "--identity", identity, "an instance profile's name (its ARN is not needed)")
        }
        let regions = Set(machine.zones.map(region) + machine.regions)
        guard machine.network != nil || machine.subnet != nil, regions.count > 1 else { return }
        throw Failure.usage(
            "a network of yours is in one region, and this run may go to "
                + regions.sorted().joined(separator: " and "),
            hint: "name zones of one region")
    }
}

extension AzureProvider {
    /// - Throws: `Failure` with exit code 2 for a name that Azure has none of.
    func checkPlace(of machine: MachineRequest) throws {
        try machine.checkWayOut()
        if machine.network != nil {
            throw Failure.usage(
                "--network is not for Azure, where the subnet's id names the network",
                hint: "az network vnet subnet list prints ids for --subnet")
        }
        let part = "/providers/Microsoft."
        if let subnet = machine.subnet,
            !Self.isResource(subnet, part + "Network/virtualNetworks/", "/subnets/")
        {
            throw MachineRequest.refusal(
                "--subnet", subnet, "a subnet's id, /subscriptions/…/virtualNetworks/V/subnets/S")
        }
        if let identity = machine.identity,
            !Self.isResource(identity, part + "ManagedIdentity/userAssignedIdentities/", "")
        {
            throw MachineRequest.refusal(
                "--identity", identity,
                "the id of a user-assigned identity, which "
                    + "az identity show --query id prints")
        }
    }

    /// Whether a text is a resource's id with these parts.
    private static func isResource(_ text: String, _ kind: String, _ part: String) -> Bool {
        text.hasPrefix("/subscriptions/") && text.contains(kind) && text.contains(part)
            && text.wholeMatch(of: /[A-Za-z0-9._()\/-]+/) != nil
    }
}
