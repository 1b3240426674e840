import Shared

/// Asks the trainer's Python processes for the stacks of their threads.
struct PythonStacks: Sendable {
    /// `WORK/observer`.
    let directory: String
    let clock: any Clock<Duration>

    /// Together, for all processes: the signal is handled within milliseconds or not at all.
    private static let patience: Duration = .seconds(3)
    private static let pause: Duration = .milliseconds(50)
    /// In bytes, of each process.
    private static let most: Int64 = 256 << 10

    private struct Asked {
        var pid: Int32
        var offset: Int64
        var size: Int64
        var isQuiet = false
    }

    /// The stacks of those that answer, by process.
    ///
    /// - Parameter processes: all of the trainer's tree.
    func ask(_ processes: [Int32]) async -> [Int32: String] {
        var asked: [Asked] = []
        for pid in processes {
            let size = Self.size(of: path(of: pid))
            guard let registration = StackRegistration(of: pid, in: directory),
                kill(pid, registration.signal) == 0
            else { continue }
            asked.append(Asked(pid: pid, offset: size, size: size))
        }
        var left = Self.patience
        // An answer is whole once it has not grown between two looks.
        while left > .zero, !Task.isCancelled, asked.contains(where: { !$0.isQuiet }) {
            try? await clock.sleep(for: Self.pause)
            left -= Self.pause
            for index in asked.indices {
                let size = Self.size(of: path(of: asked[index].pid))
                asked[index].isQuiet = size > asked[index].offset && size == asked[index].size
                asked[index].size = size
            }
        }
        var stacks: [Int32: String] = [:]
        for answer in asked where answer.size > answer.offset {
            stacks[answer.pid] = text(of: answer)
        }
        return stacks
    }

    private func path(of pid: Int32) -> String { "\(directory)/\(pid).stacks" }

    private static func size(of path: String) -> Int64 {
        var information = stat()
        return lstat(path, &information) == 0 ? Int64(information.st_size) : 0
    }

    private func text(of answer: Asked) -> String? {
        var file = ScalarFile(path: path(of: answer.pid), from: answer.offset)
        var bytes: [UInt8] = []
        file.read(upTo: Self.most) { bytes.append(contentsOf: $0) }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
