/// The extremes of what came of one name between two looks: an alert must not miss a spike.
package struct FreshValues: Sendable, Equatable {
    package struct Value: Sendable, Equatable {
        package var value: Double
        package var step: Int64?
    }

    package private(set) var lowest: Value?
    package private(set) var highest: Value?
    /// The first that is no number or infinite.
    package private(set) var odd: Value?

    package init() {}

    package mutating func note(_ value: Double, step: Int64?) {
        let new = Value(value: value, step: step)
        guard value.isFinite else {
            odd = odd ?? new
            return
        }
        if lowest.map({ value < $0.value }) ?? true { lowest = new }
        if highest.map({ value > $0.value }) ?? true { highest = new }
    }
}
