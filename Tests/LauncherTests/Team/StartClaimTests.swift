import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct StartClaimTests {
    private let scratch: Scratch
    private let run: RunName
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    init() throws {
        scratch = try Scratch()
        run = try RunName(cloud: "gcp", projectName: "p", codeName: "c", datasetName: "d")
        try makeDirectories(scratch.path + "/bucket")
    }

    private func bucket() throws -> StateBucket {
        try StateBucket(
            StoreURL(parsing: "file://\(scratch.path)/bucket"), access: StoreAccess(),
            runner: PosixRunner())
    }

    private func claims() throws -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: scratch.path + "/bucket/claims"))
            ?? []
    }

    @Test func `of computers that start at once at most one goes on`() async throws {
        for _ in 1...5 {
            let winners = await withTaskGroup(of: StartClaim?.self) { group in
                for _ in 1...4 {
                    let claim = StartClaim(at: now, random: .random(in: .min ... .max))
                    group.addTask {
                        let isTaken: Void? = try? await bucket().take(claim, for: run, now: now)
                        return isTaken.map { claim }
                    }
                }
                return await group.reduce(into: []) { $0 += [$1].compactMap { $0 } }
            }
            #expect(winners.count <= 1)
            for claim in winners { try await bucket().release(claim) }
            #expect(try claims() == [])
        }
        try await bucket().take(StartClaim(at: now, random: 1), for: run, now: now)
        #expect(try claims().count == 1)
    }

    @Test func `who comes later steps back, and leaves no claim`() async throws {
        let first = StartClaim(at: now, random: 1)
        try await bucket().take(first, for: run, now: now)
        let second = StartClaim(at: now + 30, random: 2)
        let refused = await #expect(throws: Failure.self) {
            try await bucket().take(second, for: run, now: now + 30)
        }
        #expect(refused?.summary.contains("another computer began to start") == true)
        #expect(try claims() == [first.path.split(separator: "/").last.map(String.init)])
    }

    @Test func `the claim of a launcher that was killed is in the way for ten minutes`()
        async throws
    {
        try await bucket().take(StartClaim(at: now, random: 1), for: run, now: now)
        let later = now + StartClaim.validity
        try await bucket().take(StartClaim(at: later, random: 2), for: run, now: later)
    }

    @Test(arguments: [
        ("claims/1800000000-a", true), ("claims/1799999500-a", true),
        ("claims/1799999300-a", false), ("claims/x-a", false), ("claims/", false),
        ("run.json", false), ("claims/1800000000-1", false), ("claims/nan-a", false),
    ])
    func `what counts as a rival`(path: String, expected: Bool) {
        let mine = StartClaim(at: now, random: 1)
        #expect(mine.isRivalled(by: path, now: now) == expected)
    }
}
