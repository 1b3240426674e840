import Shared
import Testing

@testable import Launcher

/// Machine types that can be known by their name to be no good.
@Suite struct UnfitMachineTests {
    private func check(_ cloud: String, _ request: MachineRequest) throws {
        switch cloud {
        case "gcp": try GoogleProvider().checkFit(of: request)
        case "aws": try AmazonProvider().checkFit(of: request)
        default: try AzureProvider().checkFit(of: request)
        }
    }

    private func request(_ type: String) -> MachineRequest {
        var request = MachineRequest()
        request.machineType = type
        return request
    }

    @Test(arguments: [
        ("gcp", "t2a-standard-4"), ("gcp", "c4a-highmem-8"), ("gcp", "a4x-highgpu-4g"),
        ("aws", "g5g.xlarge"), ("aws", "m7g.large"), ("aws", "c6gn.4xlarge"), ("aws", "a1.large"),
        ("aws", "x2gd.large"), ("aws", "p6e-gb200.36xlarge"),
        ("azure", "Standard_D4ps_v5"), ("azure", "Standard_E8pds_v6"),
        ("azure", "Standard_ND128isr_NDR_GB200_v6"),
    ])
    func `another processor than the agent's is refused`(cloud: String, type: String) {
        let failure = #expect(throws: Failure.self) { try check(cloud, request(type)) }
        #expect(failure?.summary.contains("ARM") == true)
        #expect(failure?.exit == ExitCode.usage.rawValue)
    }

    @Test(arguments: [
        ("aws", "p3.2xlarge"), ("aws", "g3s.xlarge"), ("azure", "Standard_NV36ads_A10_v5"),
        ("azure", "Standard_NV6s_v3"), ("azure", "Standard_NC6s_v3"), ("azure", "Standard_NC6"),
        ("azure", "Standard_ND40rs_v2"),
    ])
    func `a GPU that the default image does not know is refused, with another image it is not`(
        cloud: String, type: String
    ) throws {
        var wanted = request(type)
        let failure = #expect(throws: Failure.self) { try check(cloud, wanted) }
        #expect(failure?.hint?.contains("--image") == true)
        wanted.image = "mine"
        try check(cloud, wanted)
    }

    @Test func `what Google rents as spot alone is refused on demand`() throws {
        var wanted = request("a3-highgpu-2g")
        #expect(throws: Failure.self) { try check("gcp", wanted) }
        wanted.spot = .always
        try check("gcp", wanted)
    }

    /// No machine of the price table is refused.
    @Test(arguments: PriceTable.current.offers.map { [$0.cloud, $0.machineType] })
    func `what the table offers is fit`(offer: [String]) throws {
        try check(offer[0], request(offer[1]))
    }

    @Test(arguments: [
        ("aws", "g4dn.xlarge"), ("aws", "gr6.4xlarge"), ("aws", "t3.large"), ("aws", "g6f.large"),
        ("aws", "m7i-flex.large"), ("azure", "Standard_D4s_v5"), ("azure", "Standard_DC2s_v3"),
        ("azure", "Standard_ND96asr_v4"), ("gcp", "e2-standard-4"), ("gcp", "c3-standard-4"),
    ])
    func `others are not`(cloud: String, type: String) throws {
        try check(cloud, request(type))
    }
}
