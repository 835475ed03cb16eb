// Generated from the .avsc files beside it by `reprise schemas generate`. Do not edit.
import { defineAvroEvent, type Decimal } from 'reprise';
import { UserActedV1, UserActedV2, UserActedV3, UserActedV4 } from './history/index.ts';
import { upcasters as userActedUpcasters } from './upcasters/user-acted.ts';

/** A customer closed an account. */
export interface AccountClosed {
  readonly customerId: string;
  readonly accountId: string;
  readonly occurredAt: Date;
}

/** A customer closed an account. */
export const AccountClosed = defineAvroEvent<AccountClosed>({
  name: "AccountClosed",
  topic: "accounts",
  key: "customerId",
  time: "occurredAt",
  fields: [
    {"name":"customerId","type":{"kind":"string"},"nullable":false},
    {"name":"accountId","type":{"kind":"string"},"nullable":false},
    {"name":"occurredAt","type":{"kind":"timestamp-millis"},"nullable":false},
  ],
  schema: "{\n  \"type\": \"record\",\n  \"name\": \"AccountClosed\",\n  \"namespace\": \"reprise.example\",\n  \"doc\": \"A customer closed an account.\",\n  \"topic\": \"accounts\",\n  \"key\": \"customerId\",\n  \"time\": \"occurredAt\",\n  \"fields\": [\n    { \"name\": \"customerId\", \"type\": \"string\" },\n    { \"name\": \"accountId\", \"type\": \"string\" },\n    { \"name\": \"occurredAt\", \"type\": { \"type\": \"long\", \"logicalType\": \"timestamp-millis\" } }\n  ]\n}\n",
});

/** A customer opened an account. */
export interface AccountOpened {
  readonly customerId: string;
  readonly accountId: string;
  readonly deposit: Decimal;
  readonly occurredAt: Date;
}

/** A customer opened an account. */
export const AccountOpened = defineAvroEvent<AccountOpened>({
  name: "AccountOpened",
  topic: "accounts",
  key: "customerId",
  time: "occurredAt",
  fields: [
    {"name":"customerId","type":{"kind":"string"},"nullable":false},
    {"name":"accountId","type":{"kind":"string"},"nullable":false},
    {"name":"deposit","type":{"kind":"decimal","precision":18,"scale":2},"nullable":false},
    {"name":"occurredAt","type":{"kind":"timestamp-millis"},"nullable":false},
  ],
  schema: "{\n  \"type\": \"record\",\n  \"name\": \"AccountOpened\",\n  \"namespace\": \"reprise.example\",\n  \"doc\": \"A customer opened an account.\",\n  \"topic\": \"accounts\",\n  \"key\": \"customerId\",\n  \"time\": \"occurredAt\",\n  \"fields\": [\n    { \"name\": \"customerId\", \"type\": \"string\" },\n    { \"name\": \"accountId\", \"type\": \"string\" },\n    { \"name\": \"deposit\", \"type\": { \"type\": \"bytes\", \"logicalType\": \"decimal\", \"precision\": 18, \"scale\": 2 } },\n    { \"name\": \"occurredAt\", \"type\": { \"type\": \"long\", \"logicalType\": \"timestamp-millis\" } }\n  ]\n}\n",
});

/** A customer of the bank, or a new name of one. */
export interface CustomerRegistered {
  readonly customerId: string;
  readonly name: string;
  readonly occurredAt: Date;
}

/** A customer of the bank, or a new name of one. */
export const CustomerRegistered = defineAvroEvent<CustomerRegistered>({
  name: "CustomerRegistered",
  topic: "accounts",
  key: "customerId",
  time: "occurredAt",
  fields: [
    {"name":"customerId","type":{"kind":"string"},"nullable":false},
    {"name":"name","type":{"kind":"string"},"nullable":false},
    {"name":"occurredAt","type":{"kind":"timestamp-millis"},"nullable":false},
  ],
  schema: "{\n  \"type\": \"record\",\n  \"name\": \"CustomerRegistered\",\n  \"namespace\": \"reprise.example\",\n  \"doc\": \"A customer of the bank, or a new name of one.\",\n  \"topic\": \"accounts\",\n  \"key\": \"customerId\",\n  \"time\": \"occurredAt\",\n  \"fields\": [\n    { \"name\": \"customerId\", \"type\": \"string\" },\n    { \"name\": \"name\", \"type\": \"string\" },\n    { \"name\": \"occurredAt\", \"type\": { \"type\": \"long\", \"logicalType\": \"timestamp-millis\" } }\n  ]\n}\n",
});

/** Three failed log-ins in a row within five minutes. */
export interface FraudSuspected {
  readonly userId: string;
  readonly firstFailureAt: Date;
  /** The third failure. */
  readonly at: Date;
}

/** Three failed log-ins in a row within five minutes. */
export const FraudSuspected = defineAvroEvent<FraudSuspected>({
  name: "FraudSuspected",
  topic: "fraud-alerts",
  key: "userId",
  time: "at",
  fields: [
    {"name":"userId","type":{"kind":"string"},"nullable":false},
    {"name":"firstFailureAt","type":{"kind":"timestamp-millis"},"nullable":false},
    {"name":"at","type":{"kind":"timestamp-millis"},"nullable":false},
  ],
  schema: "{\n  \"type\": \"record\",\n  \"name\": \"FraudSuspected\",\n  \"namespace\": \"reprise.example\",\n  \"doc\": \"Three failed log-ins in a row within five minutes.\",\n  \"topic\": \"fraud-alerts\",\n  \"key\": \"userId\",\n  \"time\": \"at\",\n  \"fields\": [\n    { \"name\": \"userId\", \"type\": \"string\" },\n    { \"name\": \"firstFailureAt\", \"type\": { \"type\": \"long\", \"logicalType\": \"timestamp-millis\" } },\n    { \"name\": \"at\", \"type\": { \"type\": \"long\", \"logicalType\": \"timestamp-millis\" }, \"doc\": \"The third failure.\" }\n  ]\n}\n",
});

/** Somebody tried to log in as a user. */
export interface LoginAttempted {
  readonly userId: string;
  readonly result: 'SUCCESS' | 'FAILURE';
  /** IP address it came from. */
  readonly address: string;
  readonly occurredAt: Date;
}

/** Somebody tried to log in as a user. */
export const LoginAttempted = defineAvroEvent<LoginAttempted>({
  name: "LoginAttempted",
  topic: "login-attempts",
  key: "userId",
  time: "occurredAt",
  fields: [
    {"name":"userId","type":{"kind":"string"},"nullable":false},
    {"name":"result","type":{"kind":"enum","symbols":["SUCCESS","FAILURE"]},"nullable":false},
    {"name":"address","type":{"kind":"string"},"nullable":false},
    {"name":"occurredAt","type":{"kind":"timestamp-millis"},"nullable":false},
  ],
  schema: "{\n  \"type\": \"record\",\n  \"name\": \"LoginAttempted\",\n  \"namespace\": \"reprise.example\",\n  \"doc\": \"Somebody tried to log in as a user.\",\n  \"topic\": \"login-attempts\",\n  \"key\": \"userId\",\n  \"time\": \"occurredAt\",\n  \"fields\": [\n    { \"name\": \"userId\", \"type\": \"string\" },\n    { \"name\": \"result\", \"type\": { \"type\": \"enum\", \"name\": \"LoginResult\", \"symbols\": [\"SUCCESS\", \"FAILURE\"] } },\n    { \"name\": \"address\", \"type\": \"string\", \"doc\": \"IP address it came from.\", \"default\": \"\" },\n    { \"name\": \"occurredAt\", \"type\": { \"type\": \"long\", \"logicalType\": \"timestamp-millis\" } }\n  ]\n}\n",
});

/** A minute whose average lies far from what the user's minutes were before. */
export interface MetricAnomaly {
  readonly userId: string;
  readonly windowStart: Date;
  readonly average: number;
  /** Standard deviations from the mean of the user's earlier minutes. */
  readonly score: number;
}

/** A minute whose average lies far from what the user's minutes were before. */
export const MetricAnomaly = defineAvroEvent<MetricAnomaly>({
  name: "MetricAnomaly",
  topic: "metric-anomalies",
  key: "userId",
  time: "windowStart",
  fields: [
    {"name":"userId","type":{"kind":"string"},"nullable":false},
    {"name":"windowStart","type":{"kind":"timestamp-millis"},"nullable":false},
    {"name":"average","type":{"kind":"double"},"nullable":false},
    {"name":"score","type":{"kind":"double"},"nullable":false},
  ],
  schema: "{\n  \"type\": \"record\",\n  \"name\": \"MetricAnomaly\",\n  \"namespace\": \"reprise.example\",\n  \"doc\": \"A minute whose average lies far from what the user's minutes were before.\",\n  \"topic\": \"metric-anomalies\",\n  \"key\": \"userId\",\n  \"time\": \"windowStart\",\n  \"fields\": [\n    { \"name\": \"userId\", \"type\": \"string\" },\n    { \"name\": \"windowStart\", \"type\": { \"type\": \"long\", \"logicalType\": \"timestamp-millis\" } },\n    { \"name\": \"average\", \"type\": \"double\" },\n    { \"name\": \"score\", \"type\": \"double\", \"doc\": \"Standard deviations from the mean of the user's earlier minutes.\" }\n  ]\n}\n",
});

/** A closed one-minute window of a user's metrics. */
export interface MetricsWindowClosed {
  readonly userId: string;
  readonly windowStart: Date;
  readonly events: bigint;
  readonly average: number;
}

/** A closed one-minute window of a user's metrics. */
export const MetricsWindowClosed = defineAvroEvent<MetricsWindowClosed>({
  name: "MetricsWindowClosed",
  topic: "metric-windows",
  key: "userId",
  time: "windowStart",
  fields: [
    {"name":"userId","type":{"kind":"string"},"nullable":false},
    {"name":"windowStart","type":{"kind":"timestamp-millis"},"nullable":false},
    {"name":"events","type":{"kind":"long"},"nullable":false},
    {"name":"average","type":{"kind":"double"},"nullable":false},
  ],
  schema: "{\n  \"type\": \"record\",\n  \"name\": \"MetricsWindowClosed\",\n  \"namespace\": \"reprise.example\",\n  \"doc\": \"A closed one-minute window of a user's metrics.\",\n  \"topic\": \"metric-windows\",\n  \"key\": \"userId\",\n  \"time\": \"windowStart\",\n  \"fields\": [\n    { \"name\": \"userId\", \"type\": \"string\" },\n    { \"name\": \"windowStart\", \"type\": { \"type\": \"long\", \"logicalType\": \"timestamp-millis\" } },\n    { \"name\": \"events\", \"type\": \"long\" },\n    { \"name\": \"average\", \"type\": \"double\" }\n  ]\n}\n",
});

/** A customer moved money between two accounts of their own. */
export interface MoneyMoved {
  readonly customerId: string;
  readonly fromAccountId: string;
  readonly toAccountId: string;
  readonly amount: Decimal;
  readonly occurredAt: Date;
}

/** A customer moved money between two accounts of their own. */
export const MoneyMoved = defineAvroEvent<MoneyMoved>({
  name: "MoneyMoved",
  topic: "accounts",
  key: "customerId",
  time: "occurredAt",
  fields: [
    {"name":"customerId","type":{"kind":"string"},"nullable":false},
    {"name":"fromAccountId","type":{"kind":"string"},"nullable":false},
    {"name":"toAccountId","type":{"kind":"string"},"nullable":false},
    {"name":"amount","type":{"kind":"decimal","precision":18,"scale":2},"nullable":false},
    {"name":"occurredAt","type":{"kind":"timestamp-millis"},"nullable":false},
  ],
  schema: "{\n  \"type\": \"record\",\n  \"name\": \"MoneyMoved\",\n  \"namespace\": \"reprise.example\",\n  \"doc\": \"A customer moved money between two accounts of their own.\",\n  \"topic\": \"accounts\",\n  \"key\": \"customerId\",\n  \"time\": \"occurredAt\",\n  \"fields\": [\n    { \"name\": \"customerId\", \"type\": \"string\" },\n    { \"name\": \"fromAccountId\", \"type\": \"string\" },\n    { \"name\": \"toAccountId\", \"type\": \"string\" },\n    { \"name\": \"amount\", \"type\": { \"type\": \"bytes\", \"logicalType\": \"decimal\", \"precision\": 18, \"scale\": 2 } },\n    { \"name\": \"occurredAt\", \"type\": { \"type\": \"long\", \"logicalType\": \"timestamp-millis\" } }\n  ]\n}\n",
});

/** A visitor bought something. */
export interface OrderPlaced {
  readonly visitorId: string;
  readonly orderId: string;
  readonly amount: Decimal;
  readonly occurredAt: Date;
}

/** A visitor bought something. */
export const OrderPlaced = defineAvroEvent<OrderPlaced>({
  name: "OrderPlaced",
  topic: "orders",
  key: "visitorId",
  time: "occurredAt",
  fields: [
    {"name":"visitorId","type":{"kind":"string"},"nullable":false},
    {"name":"orderId","type":{"kind":"uuid"},"nullable":false},
    {"name":"amount","type":{"kind":"decimal","precision":12,"scale":2},"nullable":false},
    {"name":"occurredAt","type":{"kind":"timestamp-millis"},"nullable":false},
  ],
  schema: "{\n  \"type\": \"record\",\n  \"name\": \"OrderPlaced\",\n  \"namespace\": \"reprise.example\",\n  \"doc\": \"A visitor bought something.\",\n  \"topic\": \"orders\",\n  \"key\": \"visitorId\",\n  \"time\": \"occurredAt\",\n  \"fields\": [\n    { \"name\": \"visitorId\", \"type\": \"string\" },\n    { \"name\": \"orderId\", \"type\": { \"type\": \"string\", \"logicalType\": \"uuid\" } },\n    { \"name\": \"amount\", \"type\": { \"type\": \"bytes\", \"logicalType\": \"decimal\", \"precision\": 12, \"scale\": 2 } },\n    { \"name\": \"occurredAt\", \"type\": { \"type\": \"long\", \"logicalType\": \"timestamp-millis\" } }\n  ]\n}\n",
});

/** A visitor looked at a page of the shop. */
export interface PageViewed {
  readonly visitorId: string;
  readonly page: string;
  readonly occurredAt: Date;
}

/** A visitor looked at a page of the shop. */
export const PageViewed = defineAvroEvent<PageViewed>({
  name: "PageViewed",
  topic: "page-views",
  key: "visitorId",
  time: "occurredAt",
  fields: [
    {"name":"visitorId","type":{"kind":"string"},"nullable":false},
    {"name":"page","type":{"kind":"string"},"nullable":false},
    {"name":"occurredAt","type":{"kind":"timestamp-millis"},"nullable":false},
  ],
  schema: "{\n  \"type\": \"record\",\n  \"name\": \"PageViewed\",\n  \"namespace\": \"reprise.example\",\n  \"doc\": \"A visitor looked at a page of the shop.\",\n  \"topic\": \"page-views\",\n  \"key\": \"visitorId\",\n  \"time\": \"occurredAt\",\n  \"fields\": [\n    { \"name\": \"visitorId\", \"type\": \"string\" },\n    { \"name\": \"page\", \"type\": \"string\" },\n    { \"name\": \"occurredAt\", \"type\": { \"type\": \"long\", \"logicalType\": \"timestamp-millis\" } }\n  ]\n}\n",
});

/** A user did something on the site. */
export interface UserActed {
  /** Unique per action. */
  readonly eventId: string;
  readonly userId: string;
  readonly action: 'VIEW' | 'CLICK' | 'PURCHASE';
  /** Seconds on the page, or the amount of a purchase. */
  readonly value: number;
  readonly occurredAt: Date;
}

/** A user did something on the site. */
export const UserActed = defineAvroEvent<UserActed>({
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
  versions: [UserActedV1, UserActedV2, UserActedV3, UserActedV4],
  upcasters: userActedUpcasters,
});
