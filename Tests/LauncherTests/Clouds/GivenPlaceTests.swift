import Shared
import Testing

@testable import Launcher

/// Networks and identities that the user names instead of those that a run makes.
@Suite struct GivenPlaceTests {
    private func check(_ cloud: String, _ request: MachineRequest) throws {
        switch cloud {
        case "gcp": try GoogleProvider().checkPlace(of: request)
        case "aws": try AmazonProvider().checkPlace(of: request)
        default: try AzureProvider().checkPlace(of: request)
        }
    }

    private static let subnet =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s"
    private static let identity =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity"
        + "/userAssignedIdentities/trainer"

    @Test(
        arguments: [
            ("gcp", "corp", "regions/r/subnetworks/s", "t@p.iam.gserviceaccount.com"),
            ("gcp", "projects/host/global/networks/n", nil, nil),
            ("aws", "default", nil, "trainer"), ("aws", "vpc-0a1b", "subnet-0c", nil),
            ("azure", nil, subnet, identity), ("gcp", nil, nil, nil),
        ] as [(String, String?, String?, String?)])
    func `names of the cloud's own are taken`(
        cloud: String, network: String?, subnet: String?, identity: String?
    ) throws {
        try check(
            cloud, MachineRequest(network: network, subnet: subnet, identity: identity))
    }

    @Test(
        arguments: [
            ("gcp", nil, "s", nil, "--network"), ("gcp", "-n", nil, nil, "--network"),
            ("gcp", nil, nil, "me@example.com", "--identity"),
            ("aws", "corp", nil, nil, "--network"),
            ("aws", nil, "s-1", nil, "--subnet"),
            ("aws", nil, nil, "arn:aws:iam::1:x/y", "--identity"),
            ("azure", "vnet", nil, nil, "--network"), ("azure", nil, "gpu", nil, "--subnet"),
            ("azure", nil, nil, "trainer", "--identity"),
            ("azure", nil, nil, identity + "\";", "--identity"),
        ] as [(String, String?, String?, String?, String)])
    func `names that it has none of are refused before anything is made`(
        cloud: String, network: String?, subnet: String?, identity: String?, flag: String
    ) {
        let failure = #expect(throws: Failure.self) {
            try check(cloud, MachineRequest(network: network, subnet: subnet, identity: identity))
        }
        #expect(failure?.exit == ExitCode.usage.rawValue)
        #expect(failure?.summary.contains(flag) == true, "\(String(describing: failure))")
    }

    @Test(arguments: ["gcp", "aws", "azure"])
    func `a machine without an address needs a network with a way out`(cloud: String) throws {
        let failure = #expect(throws: Failure.self) {
            try check(cloud, MachineRequest(hasNoPublicIp: true))
        }
        #expect(failure?.hint?.contains("--network") == true)
        let own = cloud == "azure" ? nil : cloud == "aws" ? "default" : "corp"
        try check(
            cloud,
            MachineRequest(
                network: own, subnet: cloud == "azure" ? Self.subnet : nil, hasNoPublicIp: true))
    }

    @Test func `on AWS a network of the user's is in one region`() {
        #expect(throws: Failure.self) {
            try check(
                "aws", MachineRequest(regions: ["us-east-1", "us-west-2"], network: "vpc-0a"))
        }
    }

    @Test func `Google's subnetwork alone will do where no rule is made in its network`() throws {
        try check("gcp", MachineRequest(sshCidr: AddressRange.none, subnet: "s"))
    }
}
