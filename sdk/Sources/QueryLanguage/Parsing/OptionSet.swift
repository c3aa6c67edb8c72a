/// The system query options.
enum OptionName: String, CaseIterable, Sendable {
    case filter, orderby, select, expand, compute, search, apply, top, skip, skiptoken, deltatoken, count, format, index
    case schemaversion, id, levels
}

/// Which options may stand in one place.
enum OptionSet {
    static let request: Set<OptionName> = Set(OptionName.allCases).subtracting([.levels])
    static let count: Set<OptionName> = [.filter, .search]
    static let expandReference: Set<OptionName> = [.filter, .search, .orderby, .skip, .top, .count]
    static let expand: Set<OptionName> = expandReference.union([.select, .expand, .compute, .levels, .apply])
    static let expandAll: Set<OptionName> = [.levels]
    static let select: Set<OptionName> = [.filter, .search, .orderby, .skip, .top, .count, .compute, .select]
}
