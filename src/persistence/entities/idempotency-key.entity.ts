import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What a creating request with an `Idempotency-Key` has made, for as long as the key is remembered. */
@Entity('idempotency_keys')
@Index('idempotency_keys_expiry_idx', ['expiresAt'])
export class IdempotencyKeyEntity {
  /** Method and path, such as `POST /jobs`. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'idempotency_keys_pkey' })
  route: string;

  /** Whose key it is; the same for everybody while nobody says who they are. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'idempotency_keys_pkey' })
  caller: string;

  /** SHA-256 of the key: the key itself is the caller's secret. */
  @PrimaryColumn('bytea', { name: 'key_digest', primaryKeyConstraintName: 'idempotency_keys_pkey' })
  keyDigest: Buffer;

  /** SHA-256 of the canonical body. */
  @Column('bytea')
  fingerprint: Buffer;

  /** The id of what was made. */
  @Column('text')
  resource: string;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt: Date;
}
