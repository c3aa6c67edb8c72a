/// Collects what a module does. The server reads it after `register(into:)` and checks it against the manifest.
public struct ModuleRegistry: Sendable {
    /// The module that registers.
    public let moduleID: String
    /// The hooks registered so far, in order.
    public private(set) var beforeWriteHooks: [BeforeWriteHook] = []
    /// The phone normaliser, if one was registered.
    public private(set) var phoneNormalizer: PhoneNormalizer?
    /// The handlers of events registered so far, in order.
    public private(set) var eventReactions: [EventReaction] = []

    /// An empty registry; servers and tests make it.
    public init(moduleID: String) {
        self.moduleID = moduleID
    }

    /// Registers a handler that sees records of a type before they are written, and may fill in fields or refuse records.
    ///
    /// The handler runs in the write, for every way in (API, import, other modules): keep it short, and call nothing that can be
    /// slow. An import sends thousands of records in one call.
    ///
    /// - Parameters:
    ///   - recordType: the module's own type (`person`), or another module's that the manifest extends (`contacts.person`).
    ///   - reads: fields that the handler wants to see, as they will be after the write. The handler isn't called for an
    ///     update that changes none of them.
    ///   - writes: fields that the handler may patch; a patch of any other one is an error. On another module's type only
    ///     fields that the manifest adds to it.
    ///   - handler: gets the records and the circumstances; answers with patches, at most one for a record, in any order.
    public mutating func beforeWrite(
        _ recordType: String, reads: [String], writes: [String], handler: @escaping BeforeWriteHook.Handler
    ) {
        let qualified = recordType.utf8.contains(UInt8(ascii: ".")) ? recordType : moduleID + "." + recordType
        beforeWriteHooks.append(BeforeWriteHook(recordType: qualified, reads: reads, writes: writes, handler: handler))
    }

    /// Registers what is done about events. Which events, the subscriptions of the manifest say:
    ///
    /// ```yaml
    /// subscriptions:
    ///   praise:
    ///     topics: [greetings.card.updated]
    ///     when: changed(text)
    /// ```
    /// ```swift
    /// registry.onEvents("praise") { event, records in
    ///     try await records.update("greetings.card", event.recordID, ["stamp": "praised"])
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - name: what subscriptions name as their `handler`.
    ///   - handler: gets one event after the other. When it throws, nothing of what it wrote about this one stays, and the event comes again as
    ///     the subscription says. It may also be called again when the database had to break off the transaction, so that whatever it does
    ///     besides writing records has to bear repetition.
    public mutating func onEvents(_ name: String, handler: @escaping EventReaction.Handler) {
        eventReactions.append(EventReaction(name: name, handler: handler))
    }

    /// Registers the deployment's phone normaliser, which the `phones` field type asks. One module may do that.
    ///
    /// - Parameter handler: answers with as many numbers as it was given, in the same order. A text that is no phone number is
    ///   no error: its answer has `isValid == false`.
    public mutating func normalizePhones(handler: @escaping PhoneNormalizer) {
        phoneNormalizer = handler
    }
}

/// Brings phone numbers into the one form in which they are compared.
public typealias PhoneNormalizer = @Sendable (_ phones: [PhoneText]) throws -> [NormalizedPhone]
