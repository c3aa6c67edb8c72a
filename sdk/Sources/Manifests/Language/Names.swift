/// The forms of names, and the names that the platform keeps for itself.
enum Names {
    static let maxLength = 40

    // MARK: Forms

    static func isKey(_ text: String) -> Bool {
        isKeyForm(text[...]) && !isYAMLWord(text)
    }

    static func isModuleID(_ text: String) -> Bool {
        text.utf8.count <= maxLength && !isYAMLWord(text) && parts(text, of: ".").allSatisfy(isKeyForm)
    }

    static func isTypeReference(_ text: String) -> Bool {
        text.utf8.count <= 2 * maxLength + 1 && !isYAMLWord(text) && parts(text, of: ".").allSatisfy(isKeyForm)
    }

    static func isFieldPath(_ text: String) -> Bool {
        let parts = parts(text, of: "/")
        return parts.count <= 4 && !isYAMLWord(text) && parts.allSatisfy(isKeyForm)
    }

    static func isDeploymentName(_ text: String) -> Bool {
        guard let first = text.utf8.first, isSmall(first), text.utf8.count <= maxLength, !isYAMLWord(text) else { return false }
        return text.utf8.allSatisfy { isKeyByte($0) || $0 == UInt8(ascii: "-") }
    }

    static func isTimeZone(_ text: String) -> Bool {
        let parts = parts(text, of: "/")
        guard text.utf8.count <= 64, parts.count <= 3, let first = text.utf8.first, isLetter(first) else { return false }
        return parts.allSatisfy { part in
            guard let first = part.utf8.first, isLetter(first) || isDigit(first) else { return false }
            return part.utf8.allSatisfy {
                isLetter($0) || isDigit($0) || [UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-")].contains($0)
            }
        }
    }

    static func isLanguage(_ text: String) -> Bool {
        let parts = parts(text, of: "-")
        guard parts.count <= 5, let language = parts.first, (2...3).contains(language.utf8.count), language.utf8.allSatisfy(isSmall) else {
            return false
        }
        return parts.dropFirst().allSatisfy { (2...8).contains($0.utf8.count) && $0.utf8.allSatisfy { isLetter($0) || isDigit($0) } }
    }

    /// Small letters, digits, `_`, `.` and `*`, as topics are made of.
    static func isTopicPattern(_ text: String) -> Bool {
        guard let first = text.utf8.first, isSmall(first) || first == UInt8(ascii: "*"), text.utf8.count <= 200 else { return false }
        return text.utf8.allSatisfy { isKeyByte($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "*") }
    }

    static func isIdentifier(_ text: String, first isFirst: (UInt8) -> Bool) -> Bool {
        guard let first = text.utf8.first, isFirst(first) else { return false }
        return text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
    }

    /// A UUID as RFC 9562 writes it, in lower case.
    static func isUUID(_ text: String) -> Bool {
        let parts = parts(text, of: "-")
        return parts.map(\.utf8.count) == [8, 4, 4, 4, 12] && parts.allSatisfy { $0.utf8.allSatisfy(isHexadecimal) }
    }

    static func isHexadecimal(_ byte: UInt8) -> Bool { isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte) }
    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    static func isSmall(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    static func isCapital(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
    static func isLetter(_ byte: UInt8) -> Bool { isSmall(byte) || isCapital(byte) }

    private static func isKeyByte(_ byte: UInt8) -> Bool { isSmall(byte) || isDigit(byte) || byte == UInt8(ascii: "_") }

    private static func isKeyForm(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, isSmall(first), text.utf8.count <= maxLength else { return false }
        return text.utf8.allSatisfy(isKeyByte)
    }

    private static func isYAMLWord(_ text: String) -> Bool { ["true", "false", "null"].contains(text) }

    private static func parts(_ text: String, of separator: Character) -> [Substring] {
        text.split(separator: separator, omittingEmptySubsequences: false)
    }

    // MARK: Reserved names

    /// The fields that every record has.
    static let systemFields = [
        "id", "version", "created_at", "created_by", "updated_at", "updated_by", "owner", "deleted_at", "created_by_id", "updated_by_id",
        "owner_id",
    ]

    /// What every row of a link table has beside its own columns.
    static let linkFields = systemFields + ["primary", "source", "source_id", "target", "target_id"]

    /// The words of the expression language, which would be read as such where a field is meant.
    static let expressionWords = [
        "add", "all", "and", "any", "asc", "desc", "div", "divby", "eq", "false", "ge", "gt", "has", "in", "le", "lt", "mod", "mul", "ne",
        "not", "null",
        "or", "sub", "true",
    ]

    /// What can be asked of a record under its path, where a field of that key would be looked for too.
    static let recordActions = ["history", "purge", "restore"]

    /// The parts of an address.
    static let addressMembers = ["street", "city", "region", "postal_code", "country"]

    /// Names that no module can have: each module has a database schema of its name.
    static let reservedModules = [Overlay.moduleID, "tessera", "system", "public", "information_schema"]

    /// What the API serves itself beside the deployment's collections.
    static let reservedCollections = [
        "change_sets", "events", "files", "imports", "jobs", "me", "roles", "search", "shares", "teams", "users", "views",
    ]

    static func isReservedModule(_ id: String) -> Bool { reservedModules.contains(id) || id.hasPrefix("pg_") }

    /// A property of a vCard, a part of it after '/', a type of it after ';': `bday`, `n/family`, `adr;work`.
    static func isVCardPlace(_ text: String) -> Bool {
        let typed = text.utf8.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        let parts = (typed.first ?? "".utf8[...]).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard typed.count <= 2, parts.count <= 2, let name = parts.first, let first = name.first, isSmall(first), name.count <= 40,
            name.allSatisfy({ isSmall($0) || isDigit($0) || $0 == UInt8(ascii: "-") })
        else { return false }
        return (parts.dropFirst() + typed.dropFirst()).allSatisfy { (1...20).contains($0.count) && $0.allSatisfy(isSmall) }
    }

    /// `job_title` as people read it: `Job title`.
    static func label(from key: String) -> String {
        let words = key.split(separator: "_").joined(separator: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    /// The known name that was probably meant: at most a third of its letters differ, or it begins with what was written.
    static func nearest(to name: String, among known: some Sequence<String>) -> String? {
        guard !name.isEmpty, name.unicodeScalars.count <= 100 else { return nil }
        var best: (name: String, distance: Int)?
        for candidate in known {
            let distance = editDistance(Array(name.unicodeScalars), Array(candidate.unicodeScalars))
            if distance < best?.distance ?? Int.max { best = (candidate, distance) }
        }
        guard let best else { return nil }
        let isNear = best.distance <= max(1, max(name.unicodeScalars.count, best.name.unicodeScalars.count) / 3)
        return isNear ? best.name : nil
    }

    /// Optimal string alignment distance: insertions, deletions, changes and swaps of neighbours.
    private static func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforeLast = Array(repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for i in 0..<left.count {
            var row = [i + 1] + Array(repeating: 0, count: right.count)
            for j in 0..<right.count {
                let change = last[j] + (left[i] == right[j] ? 0 : 1)
                row[j + 1] = min(row[j] + 1, last[j + 1] + 1, change)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] { row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1) }
            }
            (beforeLast, last) = (last, row)
        }
        return last[right.count]
    }
}
