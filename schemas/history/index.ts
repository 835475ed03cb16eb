// Generated from the recorded versions beside it by `reprise schemas generate`. Do not edit.
import { defineAvroEvent } from 'reprise';

/** A user did something on the site. */
export interface UserActedV1 {
  /** Unique per action. */
  readonly eventId: string;
  readonly userId: string;
  readonly action: 'VIEW' | 'CLICK' | 'PURCHASE';
  /** Milliseconds on the page, or thousandths of the amount of a purchase. */
  readonly amount: bigint;
  readonly occurredAt: Date;
}

/** A user did something on the site. */
export const UserActedV1 = defineAvroEvent<UserActedV1>({
  name: "UserActed",
  topic: "user-actions",
  key: "userId",
  time: "occurredAt",
  fields: [
    {"name":"eventId","type":{"kind":"uuid"},"nullable":false},
    {"name":"userId","type":{"kind":"string"},"nullable":false},
    {"name":"action","type":{"kind":"enum","symbols":["VIEW","CLICK","PURCHASE"]},"nullable":false},
    {"name":"amount","type":{"kind":"long"},"nullable":false},
    {"name":"occurredAt","type":{"kind":"timestamp-millis"},"nullable":false},
  ],
  schema: "{\n  \"type\": \"record\",\n  \"name\": \"UserActed\",\n  \"namespace\": \"reprise.example\",\n  \"doc\": \"A user did something on the site.\",\n  \"topic\": \"user-actions\",\n  \"key\": \"userId\",\n  \"time\": \"occurredAt\",\n  \"fields\": [\n    { \"name\": \"eventId\", \"type\": { \"type\": \"string\", \"logicalType\": \"uuid\" }, \"doc\": \"Unique per action.\" },\n    { \"name\": \"userId\", \"type\": \"string\" },\n    { \"name\": \"action\", \"type\": { \"type\": \"enum\", \"name\": \"Action\", \"symbols\": [\"VIEW\", \"CLICK\", \"PURCHASE\"] } },\n    { \"name\": \"amount\", \"type\": \"long\", \"doc\": \"Milliseconds on the page, or thousandths of the amount of a purchase.\" },\n    { \"name\": \"occurredAt\", \"type\": { \"type\": \"long\", \"logicalType\": \"timestamp-millis\" } }\n  ]\n}\n",
});

/** A user did something on the site. */
export interface UserActedV2 {
  /** Unique per action. */
  readonly eventId: string;
  readonly userId: string;
  readonly action: 'VIEW' | 'CLICK' | 'PURCHASE';
  /** Seconds on the page, or the amount of a purchase. */
  readonly amount: number;
  readonly occurredAt: Date;
}

/** A user did something on the site. */
export const UserActedV2 = defineAvroEvent<UserActedV2>({
  name: "UserActed",
  topic: "user-actions",
  key: "userId",
  time: "occurredAt",
  fields: [
    {"name":"eventId","type":{"kind":"uuid"},"nullable":false},
    {"name":"userId","type":{"kind":"string"},"nullable":false},
    {"name":"action","type":{"kind":"enum","symbols":["VIEW","CLICK","PURCHASE"]},"nullable":false},
    {"name":"amount","type":{"kind":"double"},"nullable":false},
    {"name":"occurredAt","type":{"kind":"timestamp-millis"},"nullable":false},
  ],
  schema: "{\n  \"type\": \"record\",\n  \"name\": \"UserActed\",\n  \"namespace\": \"reprise.example\",\n  \"doc\": \"A user did something on the site.\",\n  \"topic\": \"user-actions\",\n  \"key\": \"userId\",\n  \"time\": \"occurredAt\",\n  \"fields\": [\n    { \"name\": \"eventId\", \"type\": { \"type\": \"string\", \"logicalType\": \"uuid\" }, \"doc\": \"Unique per action.\" },\n    { \"name\": \"userId\", \"type\": \"string\" },\n    { \"name\": \"action\", \"type\": { \"type\": \"enum\", \"name\": \"Action\", \"symbols\": [\"VIEW\", \"CLICK\", \"PURCHASE\"] } },\n    { \"name\": \"amount\", \"type\": \"double\", \"doc\": \"Seconds on the page, or the amount of a purchase.\" },\n    { \"name\": \"occurredAt\", \"type\": { \"type\": \"long\", \"logicalType\": \"timestamp-millis\" } }\n  ]\n}\n",
});

/** A user did something on the site. */
export interface UserActedV3 {
  /** Unique per action. */
  readonly eventId: string;
  readonly userId: string;
  readonly action: 'VIEW' | 'CLICK' | 'PURCHASE';
  /** Seconds on the page, or the amount of a purchase. */
  readonly amount: number;
  /** Where it happened. */
  readonly page: string | null;
  readonly occurredAt: Date;
}

/** A user did something on the site. */
export const UserActedV3 = defineAvroEvent<UserActedV3>({
  name: "UserActed",
  topic: "user-actions",
  key: "userId",
  time: "occurredAt",
  fields: [
    {"name":"eventId","type":{"kind":"uuid"},"nullable":false},
    {"name":"userId","type":{"kind":"string"},"nullable":false},
    {"name":"action","type":{"kind":"enum","symbols":["VIEW","CLICK","PURCHASE"]},"nullable":false},
    {"name":"amount","type":{"kind":"double"},"nullable":false},
    {"name":"page","type":{"kind":"string"},"nullable":true},
    {"name":"occurredAt","type":{"kind":"timestamp-millis"},"nullable":false},
  ],
  schema: "{\n  \"type\": \"record\",\n  \"name\": \"UserActed\",\n  \"namespace\": \"reprise.example\",\n  \"doc\": \"A user did something on the site.\",\n  \"topic\": \"user-actions\",\n  \"key\": \"userId\",\n  \"time\": \"occurredAt\",\n  \"fields\": [\n    { \"name\": \"eventId\", \"type\": { \"type\": \"string\", \"logicalType\": \"uuid\" }, \"doc\": \"Unique per action.\" },\n    { \"name\": \"userId\", \"type\": \"string\" },\n    { \"name\": \"action\", \"type\": { \"type\": \"enum\", \"name\": \"Action\", \"symbols\": [\"VIEW\", \"CLICK\", \"PURCHASE\"] } },\n    { \"name\": \"amount\", \"type\": \"double\", \"doc\": \"Seconds on the page, or the amount of a purchase.\" },\n    { \"name\": \"page\", \"type\": [\"null\", \"string\"], \"default\": null, \"doc\": \"Where it happened.\" },\n    { \"name\": \"occurredAt\", \"type\": { \"type\": \"long\", \"logicalType\": \"timestamp-millis\" } }\n  ]\n}\n",
});

/** A user did something on the site. */
export interface UserActedV4 {
  /** Unique per action. */
  readonly eventId: string;
  readonly userId: string;
  readonly action: 'VIEW' | 'CLICK' | 'PURCHASE';
  /** Seconds on the page, or the amount of a purchase. */
  readonly value: number;
  readonly occurredAt: Date;
}

/** A user did something on the site. */
export const UserActedV4 = defineAvroEvent<UserActedV4>({
  name: "UserActed",
  topic: "user-actions",
  key: "userId",
  time: "occurredAt",
  fields: [
    {"name":"eventId","type":{"kind":"uuid"},"nullable":false},
    {"name":"userId","type":{"kind":"string"},"nullable":false},
    {"name":"action","type":{"kind":"enum","symbols":["VIEW","CLICK","PURCHASE"]},"nullable":false},
    {"name":"value","type":{"kind":"double"},"nullable":false},
    {"name":"occurredAt","type":{"kind":"timestamp-millis"},"nullable":false},
  ],
  schema: "{\n  \"type\": \"record\",\n  \"name\": \"UserActed\",\n  \"namespace\": \"reprise.example\",\n  \"doc\": \"A user did something on the site.\",\n  \"topic\": \"user-actions\",\n  \"key\": \"userId\",\n  \"time\": \"occurredAt\",\n  \"fields\": [\n    { \"name\": \"eventId\", \"type\": { \"type\": \"string\", \"logicalType\": \"uuid\" }, \"doc\": \"Unique per action.\" },\n    { \"name\": \"userId\", \"type\": \"string\" },\n    { \"name\": \"action\", \"type\": { \"type\": \"enum\", \"name\": \"Action\", \"symbols\": [\"VIEW\", \"CLICK\", \"PURCHASE\"] } },\n    { \"name\": \"value\", \"aliases\": [\"amount\"], \"type\": \"double\", \"doc\": \"Seconds on the page, or the amount of a purchase.\" },\n    { \"name\": \"occurredAt\", \"type\": { \"type\": \"long\", \"logicalType\": \"timestamp-millis\" } }\n  ]\n}\n",
});
