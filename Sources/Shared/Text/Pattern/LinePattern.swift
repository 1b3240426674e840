/// A regular expression that a line is searched for, in time that grows with the line alone.
///
/// The toolchain's `Regex` goes back over a line for each way to match: with `(a+)+b` a line of 30
/// letters takes minutes, and expression and line may both come from a bucket. Here all ways are
/// followed side by side, one scalar at a time (Thompson 1968; Pike's captures, as in RE2), so what
/// needs to go back, a reference to a group or a look around, is not read.
package struct LinePattern: Sendable {
    /// The name of each group, by its number less one; nil for one without.
    package let groups: [String?]
    private let program: [PatternStep]

    /// An expression has at most so many bytes, a program so many steps, a group such a depth.
    package static let longest = 500
    static let mostSteps = 600
    static let deepest = 40

    /// - Returns: nil where `text` is no such expression.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.longest else { return nil }
        var parser = PatternParser(text)
        guard let tree = parser.parse() else { return nil }
        var compiler = PatternCompiler()
        guard compiler.compile(tree) else { return nil }
        (groups, program) = (parser.groups, compiler.steps + [.match])
    }

    package func matches(_ line: String) -> Bool { firstMatch(in: line) != nil }

    /// The first match: for each group what it took, nil for one that took no part.
    ///
    /// - Parameter work: counts what it costs, in steps of the program.
    package func firstMatch(in line: String, work: inout Int) -> [String?]? {
        let scalars = line.unicodeScalars.map(\.value)
        var search = PatternSearch(program: program, slots: 2 * groups.count, scalars: scalars)
        defer { work += search.work }
        guard let slots = search.run() else { return nil }
        return groups.indices.map { group in
            let (start, end) = (slots[2 * group], slots[2 * group + 1])
            guard start >= 0, end >= start else { return nil }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars[start..<end].compactMap(Unicode.Scalar.init))
            return String(text)
        }
    }

    package func firstMatch(in line: String) -> [String?]? {
        var work = 0
        return firstMatch(in: line, work: &work)
    }
}

/// One step of a pattern's program.
enum PatternStep: Sendable {
    case take(ScalarSet)
    /// Goes on at both places; what matches from the first is preferred.
    case fork(Int, Int)
    case jump(Int)
    /// Notes where a group begins or ends.
    case mark(Int)
    case atStart
    case atEnd
    case atWordBoundary(Bool)
    case match
}

/// One walk over a line with every way to match it.
private struct PatternSearch {
    let program: [PatternStep]
    let scalars: [UInt32]
    private(set) var work = 0
    /// The position for which a step of the program was last reached: each is followed once.
    private var reached: [Int]
    private let noMarks: [Int]

    /// One way to match, so far.
    private struct Thread {
        var step: Int
        var marks: [Int]
    }

    init(program: [PatternStep], slots: Int, scalars: [UInt32]) {
        (self.program, self.scalars) = (program, scalars)
        reached = Array(repeating: -1, count: program.count)
        noMarks = Array(repeating: -1, count: slots)
    }

    mutating func run() -> [Int]? {
        var threads: [Thread] = []
        var found: [Int]?
        for position in 0...scalars.count {
            if found == nil {
                follow(Thread(step: 0, marks: noMarks), at: position, into: &threads)
            }
            guard !threads.isEmpty else {
                if found != nil { break }
                continue
            }
            var next: [Thread] = []
            for thread in threads {
                guard case .take(let set) = program[thread.step] else {
                    // It matches; those after it are less preferred.
                    found = thread.marks
                    break
                }
                guard position < scalars.count, set.contains(scalars[position]) else { continue }
                follow(
                    Thread(step: thread.step + 1, marks: thread.marks), at: position + 1,
                    into: &next)
            }
            threads = next
        }
        return found
    }

    /// Adds the steps that take a scalar, or end, which are reached from a step without taking one.
    private mutating func follow(_ thread: Thread, at position: Int, into threads: inout [Thread]) {
        var waiting = [thread]
        while var thread = waiting.popLast() {
            guard reached[thread.step] != position else { continue }
            reached[thread.step] = position
            work += 1
            switch program[thread.step] {
            case .jump(let place):
                thread.step = place
            case .fork(let first, let second):
                waiting.append(Thread(step: second, marks: thread.marks))
                thread.step = first
            case .mark(let slot):
                thread.marks[slot] = position
                thread.step += 1
            case .atStart:
                guard position == 0 else { continue }
                thread.step += 1
            case .atEnd:
                guard position == scalars.count else { continue }
                thread.step += 1
            case .atWordBoundary(let expected):
                guard (isWord(position - 1) != isWord(position)) == expected else { continue }
                thread.step += 1
            case .take, .match:
                threads.append(thread)
                continue
            }
            waiting.append(thread)
        }
    }

    private func isWord(_ position: Int) -> Bool {
        scalars.indices.contains(position) && ScalarSet.word.contains(scalars[position])
    }
}
