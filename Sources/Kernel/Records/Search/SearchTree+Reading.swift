import Catalog
import QueryLanguage

extension SearchTree {
    /// The most words of one search.
    static let maximumWords = 16

    /// Takes the words out of `$search` as people write them.
    ///
    /// Digits that stand side by side may be one phone number, however it is written: `22 22-22` is looked for as `222222`, and as the
    /// three words it consists of. Digits of other scripts are digits, `tel:` before a number says nothing, and of `+44 (0)20` nobody dials the zero. What holds `@`, a dot or another sign may be an address, and is looked for whole and by its words.
    ///
    /// - Throws: `records.not_searchable` for a type without searched fields, `records.invalid` when there is nothing to look for, or more than `maximumWords`.
    init(_ expression: SearchExpression, in type: RecordType) throws {
        guard type.isSearchable else {
            throw RecordsError(
                .notSearchable, "\(type.labelPlural) can't be searched: no field of the type has `search` in its manifest.",
                target: "$search")
        }
        guard let tree = Self.tree(expression) else {
            throw RecordsError(.invalid, "There is nothing to look for: a search needs a letter or a digit.", target: "$search")
        }
        guard tree.words.count <= Self.maximumWords else {
            throw RecordsError(.invalid, "A search takes at most \(Self.maximumWords) words: leave some out.", target: "$search")
        }
        self = tree
    }

    private static func tree(_ expression: SearchExpression) -> SearchTree? {
        switch expression {
        case .word, .and: return conjunction(flattened(expression))
        case .phrase(let text):
            let words = SearchFolding.words(text).map { SearchWord.whole($0) }
            return words.count > 1 ? .phrase(words) : words.first.map { .word($0) }
        case .not(let operand): return tree(operand).map { .not($0) }
        case .or(let left, let right):
            guard let left = tree(left) else { return tree(right) }
            guard let right = tree(right) else { return left }
            if case .any(let parts) = left { return .any(parts + [right]) }
            return .any([left, right])
        }
    }

    private static func flattened(_ expression: SearchExpression) -> [SearchExpression] {
        guard case .and(let left, let right) = expression else { return [expression] }
        return flattened(left) + flattened(right)
    }

    private static func conjunction(_ operands: [SearchExpression]) -> SearchTree? {
        var parts: [SearchTree] = []
        var digits: [String] = []
        func endNumber() {
            if let number = number(digits) { parts.append(number) }
            digits = []
        }
        for operand in operands {
            guard case .word(let typed) = operand else {
                endNumber()
                if let part = tree(operand) { parts.append(part) }
                continue
            }
            // Digits of other widths are digits.
            let folded = typed.utf8.allSatisfy { $0 < 0x80 } ? typed : SearchFolding.fold(typed)
            let text = folded.lowercased().hasPrefix("tel:") && isNumber(String(folded.dropFirst(4))) ? String(folded.dropFirst(4)) : folded
            if isNumber(text) {
                digits.append(text)
            } else {
                endNumber()
                if let part = word(text) { parts.append(part) }
            }
        }
        endNumber()
        return parts.count > 1 ? .all(parts) : parts.first
    }

    // MARK: Words

    private static func word(_ text: String) -> SearchTree? {
        let parts = SearchFolding.words(text)
        guard let words = together(parts) else { return nil }
        guard parts.count > 1 || text.unicodeScalars.contains(where: { $0 == "@" || $0 == "." }) else { return words }
        let whole = SearchFolding.fold(text)
        let address = String(
            String.UnicodeScalarView(whole.unicodeScalars.drop { $0 == "." || $0 == "@" }.prefix(SearchFolding.maximumWordLength)))
        guard !address.isEmpty, parts != [address] else { return words }
        return .any([.word(.prefix(address)), words])
    }

    private static func together(_ words: [String]) -> SearchTree? {
        words.count > 1 ? .all(words.map { .word(.prefix($0)) }) : words.first.map { .word(.prefix($0)) }
    }

    // MARK: Numbers

    private static func isNumber(_ text: String) -> Bool {
        var hasDigit = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "+", "-", "/", ".", "(", ")": continue
            case _ where digit(scalar) != nil: hasDigit = true
            default: return false
            }
        }
        return hasDigit
    }

    /// The digit that a character of any script is.
    private static func digit(_ scalar: Unicode.Scalar) -> Character? {
        if scalar.isASCII { return ("0"..."9").contains(scalar) ? Character(scalar) : nil }
        guard scalar.properties.numericType == .decimal, let value = scalar.properties.numericValue else { return nil }
        return Character(Unicode.Scalar(UInt8(ascii: "0") + UInt8(value)))
    }

    /// Digits as they were written, and as one number without the zeros in front that only dial: `00` before a country, `0` before an area.
    private static func number(_ texts: [String]) -> SearchTree? {
        let parts = texts.flatMap { SearchFolding.words($0) }
        guard let words = together(parts) else { return nil }
        let joined = texts.joined()
        let isAbroad = joined.hasPrefix("+") || joined.hasPrefix("00")
        var number = Substring(String((isAbroad ? joined.replacing("(0)", with: "") : joined).unicodeScalars.compactMap(digit)))
        if number.hasPrefix("00") {
            number = number.dropFirst(2)
        } else if number.hasPrefix("0"), number.count > 4 {
            number = number.dropFirst()
        }
        guard number.count >= 3, parts != [String(number)] else { return words }
        return .any([.word(.prefix(String(number.prefix(SearchFolding.maximumWordLength)))), words])
    }
}
