import Shared
import Synchronization
import TestSupport
import Testing

@testable import Launcher

@Suite(.timeLimit(.minutes(1))) struct TransferProgressTests {
    /// A clock that lets some sleeps pass at once; the next one lasts until it is cancelled.
    private final class LimitedClock: Clock {
        typealias Instant = ManualClock.Instant
        private let manual = ManualClock()
        private let left: Mutex<Int>
        let isSpent = Latch()

        init(sleeps: Int) { left = Mutex(sleeps) }

        var now: Instant { manual.now }
        var minimumResolution: Duration { manual.minimumResolution }
        var slept: [Duration] { manual.slept }

        func sleep(until deadline: Instant, tolerance: Duration?) async throws {
            let passes = left.withLock { left in
                left -= 1
                return left >= 0
            }
            if passes { return try await manual.sleep(until: deadline, tolerance: tolerance) }
            isSpent.set()
            try await Task.sleep(for: .seconds(1 << 30))
        }
    }

    private let bar = ProgressBar(title: "downloading", totalFiles: 10, totalBytes: 1000)

    @Test func `in a pipe a transfer tells every ten seconds how far it is`() async throws {
        let heard = CapturedConsole()
        let clock = LimitedClock(sleeps: 2)
        let steps = Steps(LiveLine(terminal: .plain, write: heard.console.draw), clock: clock)
        let looks = Mutex(0)
        let progress = TransferProgress(bar: bar, steps: steps) {
            let look = looks.withLock { looks in
                looks += 1
                return looks
            }
            return (files: look, bytes: Int64(look) * 100)
        }
        let value = try await progress.during {
            try await Eventually.holds { clock.isSpent.isSet }
            return 7
        }
        #expect(value == 7)
        let lines = heard.errors.split(separator: "\n").map(String.init)
        #expect(lines.count == 2)
        #expect(lines.first?.hasPrefix("  downloading  20 %  2/10 files  200 bytes/1.0 KB") == true)
        #expect(lines.last?.hasPrefix("  downloading  30 %  3/10 files  300 bytes/1.0 KB") == true)
        #expect(clock.slept.allSatisfy { $0 >= .seconds(10) }, "\(clock.slept)")
    }

    @Test func `what fails is thrown, and no line of it stays on a terminal`() async throws {
        let heard = CapturedConsole()
        let clock = LimitedClock(sleeps: 1)
        let screen = Terminal(isInteractive: true, width: 80, hasColour: false)
        let steps = Steps(LiveLine(terminal: screen, write: heard.console.draw), clock: clock)
        let progress = TransferProgress(bar: bar, steps: steps) { (files: 5, bytes: 500) }
        await #expect(throws: Failure("no")) {
            try await progress.during {
                try await Eventually.holds { clock.isSpent.isSet }
                throw Failure("no")
            }
        }
        #expect(heard.errors.contains("50 %  5/10 files"))
        #expect(heard.errors.hasSuffix("\r\u{1b}[K"))
    }
}
