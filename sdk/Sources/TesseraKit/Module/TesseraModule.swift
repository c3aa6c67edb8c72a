/// A module's code: what it adds to the record types, fields and settings that its manifest declares.
///
/// The server makes one instance per start, from the settings of the deployment, and asks it to register what it does:
///
/// ```swift
/// struct GreetingModule: TesseraModule {
///     static let moduleID = "greetings"
///     let greeting: String
///
///     init(context: ModuleContext) throws {
///         greeting = try context.settings.text("greeting")
///     }
///
///     func register(into registry: inout ModuleRegistry) throws {
///         registry.beforeWrite("card", reads: ["name", "text"], writes: ["text"]) { [greeting] cards, _ in
///             cards.compactMap { card in
///                 guard card["text"].isNull, let name = card["name"].text else { return nil }
///                 return card.patch(["text": .text("\(greeting), \(name)")])
///             }
///         }
///     }
/// }
///
/// @c(tessera_module_entry)
/// public func moduleEntry() -> UnsafeRawPointer { exportModule { loadable(GreetingModule.self) } }
/// ```
///
/// Whatever crosses the boundary is a `Codable`, `Sendable` value, so that the same code can run in a process of its own.
public protocol TesseraModule: Sendable {
    /// The id in the module's manifest: `[a-z][a-z0-9_]*`, at most 40 characters.
    static var moduleID: String { get }

    /// Makes the module with the deployment's settings.
    ///
    /// Throw a `ModuleError` when a setting makes no sense; the server then doesn't start, and shows the message.
    init(context: ModuleContext) throws

    /// Registers hooks and services. Called once, before any record is written.
    func register(into registry: inout ModuleRegistry) throws
}
