import Shared

/// What is wrong with the tables of a program: an empty answer is what a test wants.
package func tableDefects(of program: Program) -> [String] {
    let names = program.commands.map(\.name)
    var defects = duplicates(in: names).map { "two commands are called \($0)" }
    for command in program.commands {
        if command.summary.isEmpty { defects.append("\(command.name) has no summary") }
        let options = command.options
        defects += duplicates(in: options.map(\.name)).map { "\(command.name) has \($0) twice" }
        for option in options {
            let place = "\(command.name) \(option.name)"
            if !option.help.hasSuffix(".") { defects.append("\(place): help is no sentence") }
            if option.shape != .flag && option.placeholder.isEmpty {
                defects.append("\(place): no placeholder")
            }
            let letters = option.key.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || $0 == "_"
            }
            if option.isNamed && !(option.name.hasPrefix("--") && letters) {
                defects.append("\(place): not --snake_case")
            }
            if ["--help", "--version"].contains(option.name) {
                defects.append("\(place): taken by the program itself")
            }
        }
    }
    return defects
}

private func duplicates(in words: [String]) -> [String] {
    Dictionary(grouping: words, by: { $0 }).filter { $0.value.count > 1 }.keys.sorted()
}
