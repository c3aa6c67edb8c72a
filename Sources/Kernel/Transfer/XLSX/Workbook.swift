/// What a workbook holds apart from its cells: the sheets, how days are counted, and which styles are dates.
final class Workbook {
    struct Sheet: Sendable {
        var name: String
        /// The part that holds it.
        var part: String
    }

    let sheets: [Sheet]
    /// Days are counted from 1904 instead of 1900.
    let countsFrom1904: Bool
    /// By the number of a cell's style.
    let styles: [CellStyle]
    let shared: SharedStrings

    init(_ archive: ZipArchive, limits: XLSXLimits) throws(XLSXError) {
        let root = Relations()
        if let part = try archive.part("_rels/.rels") { try XMLEvents.read(part, root) }
        let main = root.target(ofType: "/officeDocument").map { Workbook.resolve($0, beside: "") } ?? "xl/workbook.xml"
        guard let part = try archive.part(main) else {
            let isBinary = try archive.part("xl/workbook.bin") != nil
            throw XLSXError(
                isBinary ? "this is a binary workbook (XLSB), which is not supported; save it as XLSX" : "this zip file is no workbook")
        }
        let index = WorkbookIndex()
        try XMLEvents.read(part, index)
        let folder = main.split(separator: "/").dropLast().map { $0 + "/" }.joined()
        let file = main.split(separator: "/").last.map(String.init) ?? ""
        let relations = Relations()
        if let part = try archive.part("\(folder)_rels/\(file).rels") { try XMLEvents.read(part, relations) }
        sheets = index.sheets.compactMap { sheet in
            relations.targets[sheet.relation].map { Sheet(name: sheet.name, part: Workbook.resolve($0, beside: folder)) }
        }
        countsFrom1904 = index.countsFrom1904
        let styles = StyleTable()
        if let part = try archive.part(relations.target(ofType: "/styles").map { Workbook.resolve($0, beside: folder) } ?? "xl/styles.xml")
        {
            try XMLEvents.read(part, styles)
        }
        self.styles = styles.cells
        shared = SharedStrings(limits: limits)
        let strings = relations.target(ofType: "/sharedStrings").map { Workbook.resolve($0, beside: folder) } ?? "xl/sharedStrings.xml"
        if let part = try archive.part(strings) { try XMLEvents.read(part, shared) }
    }

    /// One sheet's texts and styles without a file.
    init(styles: [CellStyle], shared: SharedStrings) {
        (sheets, countsFrom1904) = ([], false)
        self.styles = styles
        self.shared = shared
    }

    /// Targets are relative to the folder of what refers to them, or begin at the root.
    private static func resolve(_ target: String, beside folder: String) -> String {
        if target.hasPrefix("/") { return String(target.dropFirst()) }
        var parts = folder.split(separator: "/").map(String.init)
        for part in target.split(separator: "/") {
            if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(String(part)) }
        }
        return parts.joined(separator: "/")
    }
}

/// `.rels`: what a part refers to.
private final class Relations: XMLEventHandler {
    private(set) var targets: [String: String] = [:]
    private var types: [(type: String, id: String)] = []
    let failure: XLSXError? = nil

    func target(ofType suffix: String) -> String? { types.first { $0.type.hasSuffix(suffix) }.flatMap { targets[$0.id] } }

    func start(_ element: String, _ attributes: [String: String]) {
        guard element == "Relationship", let id = attributes["Id"], let target = attributes["Target"], targets.count < 10_000 else {
            return
        }
        targets[id] = target
        types.append((attributes["Type"] ?? "", id))
    }

    func text(_ bytes: UnsafeBufferPointer<UInt8>) {}
    func end(_ element: String) {}
}

private final class WorkbookIndex: XMLEventHandler {
    private(set) var sheets: [(name: String, relation: String)] = []
    private(set) var countsFrom1904 = false
    let failure: XLSXError? = nil

    func start(_ element: String, _ attributes: [String: String]) {
        switch element {
        case "sheet":
            guard let name = attributes["name"], let relation = attributes["id"], sheets.count < 10_000 else { return }
            sheets.append((name, relation))
        case "workbookPr": countsFrom1904 = ["1", "true", "on"].contains(attributes["date1904"] ?? "")
        default: return
        }
    }

    func text(_ bytes: UnsafeBufferPointer<UInt8>) {}
    func end(_ element: String) {}
}
