import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct PriceTableTests {
    private let now = Date(timeIntervalSince1970: 1_770_000_000)  // 2026-02-02

    @Test(arguments: [
        ("A100", GPURequest.Kind.named("A100"), 1), ("a100:8", .named("A100"), 8),
        ("24GB", .gigabytes(24), 1), ("80gb:2", .gigabytes(80), 2),
        ("A100-80GB:4", .named("A100-80GB"), 4),
    ])
    func `a request is read`(text: String, kind: GPURequest.Kind, count: Int) {
        let request = GPURequest(text)
        #expect(request?.kind == kind)
        #expect(request?.count == count)
    }

    @Test(arguments: ["", ":", "A100:", "A100:0", "A100:99", "A100:1:2", "24", "A 100", ":4"])
    func `what is no request is refused`(text: String) {
        #expect(GPURequest(text) == nil)
    }

    @Test(arguments: [
        ("gcp", "L4", "g2-standard-4"), ("aws", "24GB", "g6.xlarge"),
        ("azure", "A100", "Standard_NC24ads_A100_v4"), ("gcp", "16GB:2", "n1-standard-8"),
        ("aws", "H100:8", "p5.48xlarge"), ("gcp", "A100", "a2-highgpu-1g"),
    ])
    func `the cheapest that fits comes first`(cloud: String, text: String, type: String) throws {
        let request = try #require(GPURequest(text))
        let offers = PriceTable.current.offers(on: cloud, for: request)
        #expect(offers.first?.machineType == type)
        #expect(offers.map(\.dollars) == offers.map(\.dollars).sorted())
        #expect(offers.allSatisfy(request.fits))
    }

    /// Each line is read, and each default machine has a price.
    @Test func `the table is whole, dated and sourced`() throws {
        let table = PriceTable.current
        let lines = String(decoding: PackageResources.prices_csv, as: UTF8.self)
            .split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(table.offers.count == lines.count - 1)
        #expect(PriceTable.days(since: table.date, now: now) != nil)
        for cloud in CloudRegistry.providers {
            var machine = MachineRequest()
            machine.machineType = cloud.machineType(for: machine)
            #expect(table.offer(on: cloud.name, for: machine) != nil, "\(cloud.name)")
            #expect(table.sources[cloud.name]?.isEmpty == false, "\(cloud.name)")
            #expect(table.regions[cloud.name] == cloud.region(of: cloud.defaultZone))
        }
        let clouds = Set(table.offers.map(\.cloud))
        #expect(clouds == Set(CloudRegistry.providers.map(\.name)))
    }

    @Test func `a table older than half a year says so`() {
        let table = PriceTable("# date: 2025-12-01\n# source gcp: somebody\nheader\n")
        let origin = table.origin(on: "gcp", now: now)
        #expect(origin == "list price on demand, looked up 2025-12-01, by somebody")
        let later = now.addingTimeInterval(150 * 86_400)
        #expect(table.origin(on: "gcp", now: later).contains("213 days ago"))
        #expect(table.origin(on: "aws", now: now).hasSuffix("by no source that is known"))
    }

    private func choice(_ said: CapturedConsole) -> MachineChoice {
        MachineChoice(provider: GoogleProvider(), now: now) { said.console.error($0 + "\n") }
    }

    @Test func `candidates are shown with their prices, and tried in that order`() throws {
        let said = CapturedConsole()
        var machine = MachineRequest()
        machine.gpus = GPURequest("T4:2")
        let requests = try choice(said).requests(for: machine)
        #expect(requests.map(\.machineType) == ["n1-standard-8"])
        #expect(requests.first?.gpuType == "nvidia-tesla-t4")
        #expect(requests.first?.gpuCount == 2)
        #expect(said.errors.contains("n1-standard-8, 2 × T4 with 16 GB: about $1.08 an hour"))
        #expect(said.errors.contains(PriceTable.current.date))
    }

    @Test func `what the table does not have is refused with what it has`() {
        var machine = MachineRequest()
        machine.gpus = GPURequest("B200:8")
        let failure = #expect(throws: Failure.self) {
            try choice(CapturedConsole()).requests(for: machine)
        }
        #expect(failure?.exit == ExitCode.usage.rawValue)
        #expect(failure?.hint?.contains("L4:1") == true)
        machine.gpus = GPURequest("L4")
        machine.machineType = "g2-standard-8"
        #expect(throws: Failure.self) { try choice(CapturedConsole()).requests(for: machine) }
    }

    @Test(
        arguments: [
            (nil, "about $0.85 an hour (list price", "at most $20.49 in --max_duration 1d"),
            (2.5, "about $2.50 an hour (your --hourly_price)", "at most $60.00"),
        ] as [(Double?, String, String)])
    func `the price is said before anything is made`(own: Double?, price: String, most: String) {
        let said = CapturedConsole()
        var machine = MachineRequest()
        machine.machineType = "g2-standard-8"
        let dollars = choice(said).sayPrice(
            of: machine, own: own, longest: TimeSpan(seconds: 86_400))
        #expect(dollars == own ?? 0.8536)
        #expect(said.errors.contains(price), "\(said.errors)")
        #expect(said.errors.contains(most), "\(said.errors)")
        let silent = CapturedConsole()
        machine.machineType = "unknown-1"
        #expect(choice(silent).sayPrice(of: machine, own: nil, longest: nil) == nil)
        #expect(silent.errors == "")
        // What the table says is not what a spot machine costs.
        machine.machineType = "g2-standard-8"
        machine.spot = .auto
        #expect(choice(silent).sayPrice(of: machine, own: nil, longest: nil) == nil)
        #expect(silent.errors.contains("spot is less"))
    }
}
