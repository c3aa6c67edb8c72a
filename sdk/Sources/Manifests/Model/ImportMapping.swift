/// How the columns of a CSV file become records of one collection.
///
/// ```yaml
/// import: 1
/// collection: organisations
/// match: [name]
/// columns:
///   - { header: account, to: name }
///   - { header: subsidiary_of, to: parent/name }
/// ```
public struct ImportMapping: Sendable, Hashable {
    /// One column of the file.
    public struct Column: Sendable, Hashable {
        /// Its header, as it stands in the file.
        public let header: String
        /// The property that it fills, with a member after a slash where the property has members.
        public let target: String
        /// How its dates or numbers are written; nil when that is to be recognised.
        public let format: String?
        /// The currency (ISO 4217) of amounts that name none; nil for the deployment's.
        public let currency: String?
        /// The time zone (IANA) of moments that name none; nil for the deployment's.
        public let zone: String?
        /// Whether a row has the whole list of a record that is changed, rather than entries that join those it has.
        public let replaces: Bool
        /// Where the mapping file has it; nil when it comes from no file. Columns that say the same are equal wherever they stand.
        public let location: SourceLocation?

        /// Maps a column.
        public init(
            header: String, target: String, format: String? = nil, currency: String? = nil, zone: String? = nil, replaces: Bool = false,
            location: SourceLocation? = nil
        ) {
            self.location = location
            self.header = header
            self.target = target
            self.format = format
            self.currency = currency
            self.zone = zone
            self.replaces = replaces
        }

        private var said: [String?] { [header, target, format, currency, zone, replaces ? "replace" : nil] }

        public static func == (one: Column, other: Column) -> Bool { one.said == other.said }

        public func hash(into hasher: inout Hasher) { hasher.combine(said) }
    }

    /// The collection that the records go into.
    public let collection: String
    /// The properties that tell whether a record is there already. Empty when every row is a new record.
    public let match: [String]
    /// The columns that are read.
    public let columns: [Column]

    /// Makes a mapping.
    public init(collection: String, match: [String] = [], columns: [Column]) {
        self.collection = collection
        self.match = match
        self.columns = columns
    }

    /// Reads a mapping file. Whether collection and properties exist is the importer's matter.
    public static func parse(_ source: ManifestSource) -> Parsed<ImportMapping> {
        let file = CheckedFile(source, as: .importMapping)
        guard let root = file.root, let collection = root.text("collection") else {
            return Parsed(manifest: nil, diagnostics: file.diagnostics)
        }
        let columns = root.objects("columns").compactMap { column -> Column? in
            guard let header = column.text("header"), let target = column.text("to") else { return nil }
            return Column(
                header: header, target: target, format: column.text("format"), currency: column.text("currency"),
                zone: column.text("zone"), replaces: column.boolean("replace") ?? false, location: column.location)
        }
        let mapping = ImportMapping(collection: collection, match: root.texts("match").map(\.value), columns: columns)
        return Parsed(manifest: mapping, diagnostics: file.diagnostics)
    }

    /// The text of the mapping file.
    public var yaml: String { yaml(candidates: [:]) }

    /// The text of the mapping file, with the formats to choose from as comments above the columns that need one.
    ///
    /// - Parameter candidates: by header; those of columns that have a format already are left out.
    ///
    /// ```swift
    /// let mapping = ImportMapping(collection: "people", columns: [.init(header: "Born", target: "birthday")])
    /// print(mapping.yaml(candidates: ["Born": ["d/M/yyyy", "M/d/yyyy"]]))
    /// ```
    public func yaml(candidates: [String: [String]]) -> String {
        var text = "# How the columns of a file become \(collection). Correct it and pass it with --mapping.\nimport: 1\n"
        text += "collection: \(collection)\n"
        if !match.isEmpty { text += "match: [\(match.joined(separator: ", "))]\n" }
        text += "columns:\n"
        for column in columns {
            if column.format == nil, let formats = candidates[column.header], !formats.isEmpty {
                let choices = formats.map { "format: \(Self.quoted($0))" }.joined(separator: " or ")
                text += "  # It can't be told how this column is written. Add one: \(choices)\n"
            }
            let format = column.format.map { ", format: \(Self.quoted($0))" } ?? ""
            let currency = column.currency.map { ", currency: \($0)" } ?? ""
            let zone = column.zone.map { ", zone: \(Self.quoted($0))" } ?? ""
            let replace = column.replaces ? ", replace: true" : ""
            text +=
                "  - { header: \(Self.quoted(column.header)), to: \(Self.quoted(column.target))\(format)\(currency)\(zone)\(replace) }\n"
        }
        return text
    }

    /// A double-quoted scalar; whatever YAML could read as something else is escaped.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F || (0x80...0x9F).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                quoted += "\\x" + (digits.count == 1 ? "0" : "") + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
