/// How a number in a cell is meant.
enum CellStyle: Sendable {
    case number, date
    /// Hours beyond a day: `[h]:mm`.
    case elapsed

    /// The formats that every program knows by number (ECMA-376, 18.8.30).
    init(builtIn id: Int) {
        switch id {
        case 14...22, 27...36, 45, 47, 50...58: self = .date
        case 46: self = .elapsed
        default: self = .number
        }
    }

    /// A format's code: a date when a letter of dates stands outside of quotes, brackets and escapes.
    init(code: String) {
        var isQuoted = false
        var isEscaped = false
        var bracket: String?
        for character in code.lowercased() {
            if isEscaped {
                isEscaped = false
            } else if isQuoted {
                isQuoted = character != "\""
            } else if let inside = bracket {
                if character == "]" {
                    if !inside.isEmpty, inside.allSatisfy({ "hms".contains($0) }) {
                        self = .elapsed
                        return
                    }
                    bracket = nil
                } else {
                    bracket = inside + String(character)
                }
            } else {
                switch character {
                case "\"": isQuoted = true
                case "\\", "_", "*": isEscaped = true
                case "[": bracket = ""
                case "y", "m", "d", "h", "s":
                    self = .date
                    return
                // The rest is how negative numbers look.
                case ";":
                    self = .number
                    return
                default: continue
                }
            }
        }
        self = .number
    }
}

/// `styles.xml`: which style is a date.
final class StyleTable: XMLEventHandler {
    private(set) var cells: [CellStyle] = []
    private var codes: [Int: CellStyle] = [:]
    private var isInCells = false
    let failure: XLSXError? = nil

    func start(_ element: String, _ attributes: [String: String]) {
        switch element {
        case "numFmt":
            guard let id = attributes["numFmtId"].flatMap({ Int($0) }), let code = attributes["formatCode"], codes.count < 10_000 else {
                return
            }
            codes[id] = CellStyle(code: code)
        case "cellXfs": isInCells = true
        case "xf":
            guard isInCells, cells.count < 100_000 else { return }
            let id = attributes["numFmtId"].flatMap { Int($0) } ?? 0
            cells.append(codes[id] ?? CellStyle(builtIn: id))
        default: return
        }
    }

    func text(_ bytes: UnsafeBufferPointer<UInt8>) {}

    func end(_ element: String) { if element == "cellXfs" { isInCells = false } }
}
