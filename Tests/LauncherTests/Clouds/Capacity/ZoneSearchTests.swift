import Shared
import Synchronization
import TestSupport
import Testing

@testable import Launcher

@Suite struct ZoneSearchTests {
    private static let full =
        "The zone 'projects/p/zones/z' does not have enough resources available to fulfill the request."
    private static let quota = "Quota 'NVIDIA_L4_GPUS' exceeded.  Limit: 1.0 in region r."

    /// What happened in a search.
    private final class World: Sendable {
        struct State {
            var zone: String
            var isSpot: Bool
            var attempts: [String] = []
            var changes: [ZoneSearch.Change] = []
        }
        let state: Mutex<State>
        let heard = CapturedConsole()
        let clock = ManualClock()

        init(zone: String, isSpot: Bool = false) {
            state = Mutex(State(zone: zone, isSpot: isSpot))
        }

        var attempts: [String] { state.withLock { $0.attempts } }
        var changes: [ZoneSearch.Change] { state.withLock { $0.changes } }
    }

    private static func refusal(_ text: String) throws -> TerraformDriver.TerraformError {
        let error = try JSONDecoder().decode(
            TerraformEvent.Diagnostic.self,
            from: JSONEncoder().encode(["severity": "error", "summary": text]))
        return TerraformDriver.TerraformError([error], lastLines: "")
    }

    /// Searches where `refuses` says why a zone refuses at its nth attempt; nil where it does not.
    private func search(
        _ names: [String], open: Set<String> = [], request: MachineRequest = MachineRequest(),
        in world: World,
        refuses: @escaping @Sendable (_ zone: String, _ isSpot: Bool, _ attempt: Int) -> String?
    ) async throws {
        let line = LiveLine(terminal: .plain, write: world.heard.console.draw)
        try await ZoneSearch(
            provider: GoogleProvider(), machine: request,
            zones: ZoneChoice.Zones(names: names, openRegions: open), line: line,
            clock: world.clock,
            apply: {
                let (zone, isSpot, count) = world.state.withLock { state in
                    state.attempts.append(state.zone + (state.isSpot ? " spot" : ""))
                    return (state.zone, state.isSpot, state.attempts.count)
                }
                if let words = refuses(zone, isSpot, count) { throw try Self.refusal(words) }
            },
            change: { change in
                world.state.withLock { state in
                    state.changes.append(change)
                    if case .zone(let zone) = change { state.zone = zone }
                    if case .spot(let isSpot) = change { state.isSpot = isSpot }
                }
            },
            otherRegions: { tried in tried.contains("us-east1") ? [] : ["us-east1", "us-west1"] }
        ).run()
    }

    @Test func `each zone is tried until one has the machine`() async throws {
        let world = World(zone: "us-central1-a")
        try await search(["us-central1-a", "us-central1-b", "us-central1-c"], in: world) {
            zone, _, _ in zone == "us-central1-b" ? nil : Self.full
        }
        #expect(world.attempts == ["us-central1-a", "us-central1-b"])
        #expect(world.changes == [.zone("us-central1-b")])
        #expect(world.heard.errors.contains("us-central1-a has no g2-standard-8 free now; trying"))
    }

    @Test func `a zone that the cloud names is next, in an open region alone`() async throws {
        let advice =
            Self.full + "\nConsider trying your request in the us-west1-a, us-central1-f, "
            + "us-central1-c zone(s), which currently has capacity."
        let world = World(zone: "us-central1-a")
        try await search(
            ["us-central1-a", "us-central1-b", "us-central1-c"], open: ["us-central1"], in: world
        ) { zone, _, _ in zone == "us-central1-f" ? nil : advice }
        #expect(world.attempts == ["us-central1-a", "us-central1-f"])
    }

    /// Where the user names the zones, no other is taken; the order may follow the cloud's word.
    @Test func `advice does not add to the user's own zones`() async throws {
        let advice =
            Self.full + "\nConsider trying your request in the us-central1-f, us-central1-c zone(s)"
        let world = World(zone: "us-central1-a")
        let refused = await #expect(throws: Failure.self) {
            try await search(["us-central1-a", "us-central1-b", "us-central1-c"], in: world) {
                _, _, _ in advice
            }
        }
        #expect(world.attempts == ["us-central1-a", "us-central1-c", "us-central1-b"])
        #expect(refused?.summary.contains("us-central1-a, us-central1-c, us-central1-b") == true)
        #expect(refused?.detail?.contains("Consider trying your request") == true)
        #expect(refused?.detail?.contains("other regions that have it: us-east1, us-west1") == true)
        #expect(refused?.hint?.contains("--retry_until_up") == true)
        #expect(refused?.hint?.contains("per GB") == true)
    }

    @Test func `a region's quota leads to the next region`() async throws {
        let world = World(zone: "us-central1-a")
        try await search(["us-central1-a", "us-central1-b", "us-east1-b"], in: world) {
            zone, _, _ in zone.hasPrefix("us-central1") ? Self.quota : nil
        }
        #expect(world.attempts == ["us-central1-a", "us-east1-b"])
        #expect(world.changes == [.leaveRegion, .zone("us-east1-b")])
    }

    @Test(arguments: [
        Self.quota, "Quota 'GPUS_ALL_REGIONS' exceeded.  Limit: 0.0 globally.", "Error 403",
    ])
    func `what no other zone helps is told at once`(words: String) async throws {
        let world = World(zone: "us-central1-a")
        await #expect(throws: TerraformDriver.TerraformError.self) {
            try await search(["us-central1-a", "us-central1-b"], in: world) { _, _, _ in words }
        }
        #expect(world.attempts == ["us-central1-a"])
    }

    @Test func `a global quota ends the search over regions too`() async throws {
        let world = World(zone: "us-central1-a")
        await #expect(throws: TerraformDriver.TerraformError.self) {
            try await search(["us-central1-a", "us-east1-b"], in: world) { _, _, _ in
                "Quota 'GPUS_ALL_REGIONS' exceeded.  Limit: 0.0 globally."
            }
        }
        #expect(world.attempts == ["us-central1-a"])
    }

    @Test func `where no zone has a spot machine, one on demand is taken`() async throws {
        let world = World(zone: "us-central1-a", isSpot: true)
        var request = MachineRequest()
        request.spot = .auto
        try await search(["us-central1-a", "us-central1-b"], request: request, in: world) {
            _, isSpot, _ in isSpot ? Self.full : nil
        }
        #expect(world.attempts == ["us-central1-a spot", "us-central1-b spot", "us-central1-a"])
        #expect(world.changes.last == .spot(false))
    }

    @Test func `all zones are tried again until the time is over`() async throws {
        let world = World(zone: "us-central1-a")
        var request = MachineRequest()
        request.patience = TimeSpan(seconds: 200)
        await #expect(throws: Failure.self) {
            try await search(["us-central1-a", "us-central1-b"], request: request, in: world) {
                _, _, _ in Self.full
            }
        }
        #expect(world.clock.slept == [.seconds(30), .seconds(60), .seconds(110)])
        #expect(world.attempts.count == 8)
    }

    @Test func `a machine that becomes free is taken`() async throws {
        let world = World(zone: "us-central1-a")
        var request = MachineRequest()
        request.patience = TimeSpan(seconds: 7200)
        try await search(["us-central1-a", "us-central1-b"], request: request, in: world) {
            _, _, attempt in attempt < 5 ? Self.full : nil
        }
        #expect(world.attempts.count == 5)
        #expect(world.attempts.last == "us-central1-a")
    }
}
