/// Makes a program of a tree: a repetition of up to n is written n times.
struct PatternCompiler {
    private(set) var steps: [PatternStep] = []
    /// Counted too, since nothing repeated many times makes no step.
    private var visits = 0

    /// - Returns: false where the program is too long.
    mutating func compile(_ tree: PatternTree) -> Bool {
        visits += 1
        guard steps.count < LinePattern.mostSteps, visits < 10 * LinePattern.mostSteps else {
            return false
        }
        switch tree {
        case .step(let step):
            steps.append(step)
        case .group(let tree, let number):
            steps.append(.mark(2 * number))
            guard compile(tree) else { return false }
            steps.append(.mark(2 * number + 1))
        case .sequence(let trees):
            return trees.allSatisfy { compile($0) }
        case .choice(let trees):
            return choice(trees)
        case .repeated(let tree, let least, let most, let isGreedy):
            return repetition(tree, least, most, isGreedy)
        }
        return true
    }

    private mutating func choice(_ trees: [PatternTree]) -> Bool {
        var ends: [Int] = []
        for tree in trees.dropLast() {
            let fork = steps.count
            steps.append(.jump(0))
            guard compile(tree) else { return false }
            ends.append(steps.count)
            steps.append(.jump(0))
            steps[fork] = .fork(fork + 1, steps.count)
        }
        guard let last = trees.last, compile(last) else { return false }
        for end in ends { steps[end] = .jump(steps.count) }
        return true
    }

    private mutating func repetition(
        _ tree: PatternTree, _ least: Int, _ most: Int?, _ isGreedy: Bool
    ) -> Bool {
        for _ in 0..<least { guard compile(tree) else { return false } }
        func fork(_ inside: Int, _ past: Int) -> PatternStep {
            isGreedy ? .fork(inside, past) : .fork(past, inside)
        }
        guard let most else {
            let start = steps.count
            steps.append(.jump(0))
            guard compile(tree) else { return false }
            steps.append(.jump(start))
            steps[start] = fork(start + 1, steps.count)
            return true
        }
        var forks: [Int] = []
        for _ in least..<most {
            forks.append(steps.count)
            steps.append(.jump(0))
            guard compile(tree) else { return false }
        }
        for place in forks { steps[place] = fork(place + 1, steps.count) }
        return true
    }
}
