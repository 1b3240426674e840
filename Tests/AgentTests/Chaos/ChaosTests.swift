import Shared
import TestSupport
import Testing

@testable import Agent

/// Writers of every kind, a store that fails in every way, an engine killed at random: no object
/// may ever be torn, and what rests on the machine must be in the bucket.
///
/// `TRAIN_CHAOS_ROUNDS`, `TRAIN_CHAOS_TOOL_ROUNDS`, `TRAIN_CHAOS_DISK_ROUNDS` and `TRAIN_CHAOS_SEED`
/// (by chance) say how much and which.
@Suite(.serialized) struct ChaosTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let kinds = [
        "in_place", "restless", "overwrite", "truncate", "rename", "quick_rename", "mixed",
        "mapped", "many_small", "directory_rename", "checkpoint", "strange_times", "vanishing",
        "append", "swap",
    ]

    @Test(
        .enabled(if: isInstalled("python3"), "python3 is not installed"),
        .timeLimit(.minutes(60)))
    func `no object is torn and nothing that rests is missing`() async throws {
        try await run(.directory, rounds: Self.number("TRAIN_CHAOS_ROUNDS") ?? 20)
    }

    @Test(
        .enabled(
            if: !SyncOverToolsTests.rows.isEmpty, "neither gsutil nor aws with an emulator is here"),
        .timeLimit(.minutes(60)),
        arguments: SyncOverToolsTests.rows)
    func `nor is it over a cloud's own tool`(row: SyncOverToolsTests.Row) async throws {
        let emulator = try await Emulator.start(row.kind)
        defer { emulator.stop() }
        let store = try await ChaosStore.bucket(row.scheme, of: emulator)
        try await run(store, rounds: Self.number("TRAIN_CHAOS_TOOL_ROUNDS") ?? 1)
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root and tmpfs"), .timeLimit(.minutes(60)))
    func `nor is it on a disk that is full again and again`() async throws {
        try await run(
            .directory, rounds: Self.number("TRAIN_CHAOS_DISK_ROUNDS") ?? 3, diskMegabytes: 64)
    }

    private static func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }

    /// - Parameter diskMegabytes: of a disk of the machine's own, which somebody fills.
    private func run(
        _ store: ChaosStore, rounds: Int, diskMegabytes: Int? = nil
    ) async throws {
        let seed =
            Self.number("TRAIN_CHAOS_SEED").map { UInt64($0) } ?? UInt64.random(in: 0...9999)
        let place =
            diskMegabytes.map { "a disk of \($0) MB" }
            ?? store.url.map { String($0.prefix(2)) } ?? "a directory"
        print("chaos: TRAIN_CHAOS_SEED=\(seed), \(rounds) rounds over \(place)")
        var chance = SeededGenerator(seed: seed)
        var violations = 0
        for first in stride(from: 1, through: rounds, by: Self.roundsOfOneRun) {
            let last = min(first + Self.roundsOfOneRun - 1, rounds)
            let world = try ChaosWorld.make(store, diskMegabytes: diskMegabytes)
            defer { world.remove() }
            for round in first...last {
                var found = try await play(world, &chance, round: round)
                if round % 4 == 0 || round == last {
                    found += try await loseMachine(world, seed: chance.next())
                }
                for line in found.prefix(5) {
                    print("chaos: round \(round), seed \(seed): \(line)")
                }
                violations += found.count
            }
        }
        print("chaos: \(violations) violations in \(rounds) rounds over \(place)")
        #expect(violations == 0, "replay with TRAIN_CHAOS_SEED=\(seed)")
    }

    /// After as many a machine and a bucket begin anew: what was written stays, and would slow each
    /// round down more than the last.
    private static let roundsOfOneRun = 20

    /// One round: writers and a dying engine, then quiet, then a proof.
    private func play(
        _ world: ChaosWorld, _ chance: inout SeededGenerator, round: Int
    ) async throws -> [String] {
        var kinds = Array(Self.kinds.shuffled(using: &chance).prefix(6))
        if world.isDiskSmall {
            // Who writes to a mapping that has no room dies of it.
            kinds.removeAll { $0 == "mapped" }
            kinds.append("hog")
        }
        let writers = try world.startWriters(kinds, seed: UInt64(round))
        var found: [String] = []
        for _ in 1...Int.random(in: 1...2, using: &chance) {
            await liveAndDie(world, &chance, afterCrash: false)
            found += try await world.violations(isResting: false)
        }
        let isCrash = Bool.random(using: &chance)
        for writer in writers {
            writer.send(isCrash ? SIGKILL : SIGTERM)
            _ = await writer.wait()
        }
        // The agent that would have looked after what the dead left can die over it as well.
        if isCrash, Bool.random(using: &chance) {
            await liveAndDie(world, &chance, afterCrash: true)
            found += try await world.violations(isResting: false)
        }
        let engine = try world.engine(seed: chance.next(), faults: 0)
        await engine.setFirstWait(.milliseconds(100))
        if isCrash { await engine.trainerEnded(abnormally: true) }
        _ = try await engine.restore()
        // Interval, settling, transfer, as the promise has it: then all that rests is there.
        for _ in 1...3 { await engine.tick() }
        found += try await world.violations(isResting: true).map { "after three ticks: \($0)" }
        try await engine.finish(until: nil)
        found += try await world.violations(isResting: true).map { "at the end: \($0)" }
        return found
    }

    private func liveAndDie(
        _ world: ChaosWorld, _ chance: inout SeededGenerator, afterCrash: Bool
    ) async {
        let life = ChaosWorld.Life(
            world: world, seed: chance.next(),
            milliseconds: .random(in: world.store.milliseconds, using: &chance),
            afterCrash: afterCrash)
        await #expect(processExitsWith: .signal(SIGKILL)) { [life = life as ChaosWorld.Life] in
            await life.live()
        }
    }

    /// A new machine: all that the manifest names must come back as it was, but for what is not whole.
    private func loseMachine(_ world: ChaosWorld, seed: UInt64) async throws -> [String] {
        // What is in it alone: it can be a disk.
        for name in try FileManager.default.contentsOfDirectory(atPath: world.machine) {
            removeTree("\(world.machine)/\(name)")
        }
        try world.makeMachine()
        try await world.store.fetch(
            into: world.bucket, state: world.state, root: world.root)
        let text = try readFile(world.bucket + "/run/manifest.json", limit: 1 << 30)
        let manifest = try JSONFormat.decode(Manifest.self, from: text, name: "manifest")
        // A restore that the store refuses too often ends the agent, and the next one tries again.
        var chance = SeededGenerator(seed: seed)
        for attempt in 1...10 {
            let engine = try world.engine(seed: chance.next(), faults: attempt < 10 ? 30 : 0)
            await engine.setFirstWait(.milliseconds(50))
            do {
                _ = try await engine.restore()
                break
            } catch {
                if attempt == 10 { return ["no restore: \(error)"] }
            }
        }
        // What a training could not resume from stays in the bucket alone.
        let kept = Set(RestorePlan(manifest.files.map(\.path)).kept)
        var whole = manifest
        whole.files = kept.sorted().map { manifest.files[$0] }
        let heldBack = manifest.files.indices.filter { !kept.contains($0) }
            .map { manifest.files[$0].path }
        return await ManifestCheck.compare(whole, directory: world.machine)
            .map { "restored: \($0)" }
            + heldBack.filter { exists("\(world.machine)/\($0)") }
            .map { "restored, and not whole: \($0)" }
    }
}
