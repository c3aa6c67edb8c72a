/// A module's settings, already checked against their declaration in the manifest.
///
/// A lookup without `default` throws `module.setting_missing` when there is no value: use it for settings that the manifest
/// requires or has a default for. A value of another kind throws `module.setting_kind`.
public struct ModuleSettings: Sendable {
    private let values: [String: FieldValue]

    /// Settings by key.
    public init(_ values: [String: FieldValue]) {
        self.values = values
    }

    /// The setting's value as it is; `.null` when it has none.
    public subscript(key: String) -> FieldValue {
        values[key] ?? .null
    }

    /// A `text` setting.
    public func text(_ key: String, default fallback: String? = nil) throws(ModuleError) -> String {
        try value(key, "text", fallback) { $0.text }
    }

    /// An `integer` setting.
    public func integer(_ key: String, default fallback: Int64? = nil) throws(ModuleError) -> Int64 {
        try value(key, "integer", fallback) { $0.integer }
    }

    /// A `boolean` setting.
    public func boolean(_ key: String, default fallback: Bool? = nil) throws(ModuleError) -> Bool {
        try value(key, "boolean", fallback) { $0.boolean }
    }

    /// A `decimal` setting; a whole number will do.
    public func decimal(_ key: String, default fallback: ExactDecimal? = nil) throws(ModuleError) -> ExactDecimal {
        try value(key, "decimal", fallback) { value in
            switch value {
            case .decimal(let decimal): decimal
            case .integer(let integer): ExactDecimal(integer)
            default: nil
            }
        }
    }

    /// A `duration` setting.
    public func duration(_ key: String, default fallback: TimeSpan? = nil) throws(ModuleError) -> TimeSpan {
        try value(key, "duration", fallback) { if case .duration(let span) = $0 { span } else { nil } }
    }

    /// A setting that is a list of texts.
    public func texts(_ key: String, default fallback: [String]? = nil) throws(ModuleError) -> [String] {
        try value(key, "list of texts", fallback) { value in
            guard let list = value.list else { return nil }
            let texts = list.compactMap(\.text)
            return texts.count == list.count ? texts : nil
        }
    }

    private func value<Value>(
        _ key: String, _ kind: String, _ fallback: Value?, _ read: (FieldValue) -> Value?
    ) throws(ModuleError) -> Value {
        let value = self[key]
        if value.isNull {
            guard let fallback else {
                throw ModuleError(
                    .settingMissing, "The setting '\(key)' has no value. Give it one in the deployment file, or a default in the manifest.")
            }
            return fallback
        }
        guard let result = read(value) else {
            throw ModuleError(
                .settingKind, "The setting '\(key)' is of kind \(value.kindName), not \(kind). Declare it so in the manifest.")
        }
        return result
    }
}
